// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.xenstored;

import io.splitvisor.xenstore.Permissions;
import java.util.Arrays;

/** A node as it is stored. Never changes: a write makes another one, so a transaction keeps what it saw for free. */
final class Node {
    private static final byte[] NO_VALUE = {};
    private static final String[] NO_CHILDREN = {};
    /** What Xen counts for a node beside its contents, and for each permission. */
    private static final int HEADER_BYTES = 16;

    private static final int PERMISSION_BYTES = 8;

    private final byte[] value;
    private final Permissions permissions;
    private final String[] children;
    private final int childBytes;
    private final long generation;

    private Node(byte[] value, Permissions permissions, String[] children, int childBytes, long generation) {
        this.value = value;
        this.permissions = permissions;
        this.children = children;
        this.childBytes = childBytes;
        this.generation = generation;
    }

    static Node empty(Permissions permissions) {
        return new Node(NO_VALUE, permissions, NO_CHILDREN, 0, 0);
    }

    byte[] value() {
        return value;
    }

    Permissions permissions() {
        return permissions;
    }

    int owner() {
        return permissions.owner();
    }

    /** Names in the order they were made; not to be changed. */
    String[] children() {
        return children;
    }

    /** Length of the listing: every name and its NUL. */
    int childBytes() {
        return childBytes;
    }

    /** Unique to every state that any node ever had. */
    long generation() {
        return generation;
    }

    /** Bytes as Xen counts them for quotas. */
    int size() {
        return HEADER_BYTES + PERMISSION_BYTES * permissions.count() + value.length + childBytes;
    }

    Node withValue(byte[] newValue) {
        return new Node(newValue, permissions, children, childBytes, generation);
    }

    Node withPermissions(Permissions newPermissions) {
        return new Node(value, newPermissions, children, childBytes, generation);
    }

    Node withGeneration(long newGeneration) {
        return new Node(value, permissions, children, childBytes, newGeneration);
    }

    Node withChild(String name) {
        String[] more = Arrays.copyOf(children, children.length + 1);
        more[children.length] = name;
        return new Node(value, permissions, more, childBytes + name.length() + 1, generation);
    }

    Node withoutChild(String name) {
        for (int i = 0; i < children.length; i++) {
            if (children[i].equals(name)) {
                String[] fewer = new String[children.length - 1];
                System.arraycopy(children, 0, fewer, 0, i);
                System.arraycopy(children, i + 1, fewer, i, fewer.length - i);
                return new Node(value, permissions, fewer, childBytes - name.length() - 1, generation);
            }
        }
        return this;
    }

    /** The listing, each name with its NUL. */
    byte[] listing() {
        byte[] bytes = new byte[childBytes];
        int at = 0;
        for (String child : children) {
            for (int i = 0; i < child.length(); i++) {
                bytes[at++] = (byte) child.charAt(i);
            }
            at++;
        }
        return bytes;
    }
}
