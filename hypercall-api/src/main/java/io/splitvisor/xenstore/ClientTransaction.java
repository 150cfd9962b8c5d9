// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.xenstore;

import java.util.concurrent.atomic.AtomicBoolean;

/** A transaction of a {@link XenstoreConnection}. */
final class ClientTransaction extends NodeRequests implements Transaction {
    private final XenstoreConnection connection;
    private final int id;
    private final AtomicBoolean open = new AtomicBoolean(true);

    ClientTransaction(XenstoreConnection connection, int id) {
        this.connection = connection;
        this.id = id;
    }

    @Override
    XsMessage exchange(XsMessageType type, byte[] payload, String what) {
        return connection.exchange(type, id, payload, what);
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
        end("F");
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
