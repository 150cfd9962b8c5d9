// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.xenstore;

/** Reads and writes that take effect together or not at all. Closing one that is open aborts it. */
public interface Transaction extends XenstoreNodes, AutoCloseable {
    /** The number that xenstored gave it. */
    int id();

    /** Whether it is neither committed nor aborted. */
    boolean isOpen();

    /**
     * Makes everything visible.
     *
     * @throws XenstoreException EAGAIN if somebody changed a node that this transaction used; nothing has happened then
     */
    void commit();

    /** Drops everything. */
    void abort();

    @Override
    void close();
}
