// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.xenstore;

import java.util.concurrent.atomic.AtomicBoolean;

/** A transaction of a {@link XenstoreConnection}. */
final class ClientTransaction extends NodeRequests implements Transaction {
    private final XenstoreConnection connection;
    private final int id;
    private final int generation;
    private final AtomicBoolean open = new AtomicBoolean(true);

    /** @param generation of the connection in which it began */
    ClientTransaction(XenstoreConnection connection, int id, int generation) {
        this.connection = connection;
        this.id = id;
        this.generation = generation;
    }

    @Override
    XsMessage exchange(XsMessageType type, byte[] payload, String what) {
        if (isGone()) {
            throw new XenstoreException(XsError.EAGAIN, type.name(), what);
        }
        try {
            return connection.exchange(type, id, payload, what);
        } catch (XenstoreException e) {
            // Whether a commit was done nobody knows; anything else in a transaction that is gone was not.
            if (e.error() == XsError.EIO && isGone() && type != XsMessageType.TRANSACTION_END) {
                throw new XenstoreException(XsError.EAGAIN, type.name(), what, e);
            }
            throw e;
        }
    }

    /** The connection has started over, and with it all transactions ended. */
    private boolean isGone() {
        return connection.generation() != generation;
    }

    @Override
    public int id() {
        return id;
    }

    @Override
    public boolean isOpen() {
        return open.get();
    }

    @Override
    public void commit() {
        end("T");
    }

    @Override
    public void abort() {
        if (isGone()) {
            open.set(false);
        } else {
            end("F");
        }
    }

    @Override
    public void close() {
        if (open.get()) {
            abort();
        }
    }

    private void end(String how) {
        if (!open.getAndSet(false)) {
            throw new IllegalStateException("the transaction has ended");
        }
        request(XsMessageType.TRANSACTION_END, Payloads.strings(how), how);
    }
}
