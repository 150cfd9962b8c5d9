// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.xenstore;

import java.util.List;

/**
 * What can be done with nodes, on the store itself or in a {@link Transaction}. Paths are absolute, or relative to the
 * caller's {@code /local/domain/N}. Every method may throw {@link XenstoreException}; reads of a node that is not there
 * fail with ENOENT, or EACCES where its nearest existing parent may not be read.
 */
public interface XenstoreNodes {
    /** A node's value, as UTF-8 text. */
    String read(String path);

    /** A node's value. */
    byte[] readBytes(String path);

    /** A node's value, or null where there is no such node or it may not be read. */
    String readIfPresent(String path);

    /** Sets a node's value; missing nodes on the way are made. */
    void write(String path, String value);

    /** Sets a node's value; missing nodes on the way are made. */
    void write(String path, byte[] value);

    /** Makes a node with an empty value, and missing ones on the way; an existing one is left as it is. */
    void mkdir(String path);

    /** Removes a node and everything below; fine where it is missing but its parent is there. */
    void rm(String path);

    /** Names of a node's children, however many. */
    List<String> list(String path);

    /** Whether the node is there and may be read. */
    boolean exists(String path);

    /** Who may do what with the node; also of {@code @introduceDomain} and {@code @releaseDomain}. */
    Permissions getPermissions(String path);

    /** Replaces the node's permissions. Its owner may, and the control domain. */
    void setPermissions(String path, Permissions permissions);
}
