// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.xenstored;

import io.splitvisor.xenstore.XenstoreException;
import io.splitvisor.xenstore.XenstoreTransport;
import io.splitvisor.xenstore.XsDecoder;
import io.splitvisor.xenstore.XsError;
import io.splitvisor.xenstore.XsMessage;
import java.util.concurrent.RejectedExecutionException;

/** A client within Dom0: its bytes reach xenstored by a task, and come back by a call. */
final class LocalTransport implements XenstoreTransport, Link {
    private final CoreThread daemon;
    private final XenstoreCore core;
    private final int domid;
    private final XsDecoder decoder = new XsDecoder();
    private Client client;
    private Receiver receiver;
    private volatile boolean closed;

    LocalTransport(CoreThread daemon, XenstoreCore core, int domid) {
        this.daemon = daemon;
        this.core = core;
        this.domid = domid;
    }

    // The client's end.

    @Override
    public void open(Receiver to) {
        receiver = to;
        daemon.call(() -> {
            client = core.connect(core.domains().add(domid));
            client.attach(this);
        });
    }

    @Override
    public void send(byte[] bytes) {
        if (daemon.isOwnThread()) {
            throw new IllegalStateException("xenstored's own thread cannot wait for its answer");
        }
        try {
            if (!closed) {
                daemon.execute(() -> received(bytes));
                return;
            }
        } catch (RejectedExecutionException e) {
            closed = true;
        }
        throw new XenstoreException(XsError.EIO, "send", "connection closed");
    }

    @Override
    public void poll() {
        // xenstored's thread brings what there is.
    }

    @Override
    public boolean needsPolling() {
        return false;
    }

    /** Either end may call this. */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        if (daemon.isOwnThread()) {
            core.disconnect(client);
        } else {
            try {
                daemon.execute(() -> {
                    core.disconnect(client);
                    core.settle();
                });
            } catch (RejectedExecutionException e) {
                // The daemon is gone and everything of this client with it.
                receiver.closed("xenstored stopped");
            }
        }
        receiver.closed("xenstored closed the connection");
    }

    // xenstored's end, on its thread.

    private void received(byte[] bytes) {
        int at = 0;
        while (at < bytes.length && !closed && !client.isIgnored()) {
            int count = Math.min(decoder.wanted(), bytes.length - at);
            System.arraycopy(bytes, at, decoder.target(), decoder.offset(), count);
            at += count;
            XsMessage message = decoder.advance(count);
            if (decoder.broken()) {
                close();
            } else if (message != null) {
                core.process(client, message);
            }
        }
        core.settle();
    }

    @Override
    public void flush() {
        Outbox.Item item;
        while ((item = client.outbox().head()) != null) {
            byte[] bytes = item.bytes();
            client.outbox().advance(bytes.length);
            receiver.received(bytes, 0, bytes.length);
        }
    }

    @Override
    public void resume() {
        // Requests are served as they come: each thread of the client waits for its answer before it sends another.
    }

    @Override
    public void giveUp(int error) {
        close();
    }
}
