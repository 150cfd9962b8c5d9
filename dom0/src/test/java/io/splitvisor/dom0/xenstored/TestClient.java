// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.xenstored;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.xenstore.Payloads;
import io.splitvisor.xenstore.XsDecoder;
import io.splitvisor.xenstore.XsError;
import io.splitvisor.xenstore.XsMessage;
import io.splitvisor.xenstore.XsMessageType;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** A client whose replies come back as return values, and whose events pile up, or stay unread if told so. */
final class TestClient implements Link {
    private final XenstoreCore core;
    private final Client client;
    private final XsDecoder decoder = new XsDecoder();
    private final List<XsMessage> replies = new ArrayList<>();
    private final List<String> events = new ArrayList<>();
    private boolean reading = true;
    private boolean closed;
    private int nextRequest;

    TestClient(XenstoreCore core, DomainState domain) {
        this.core = core;
        this.client = core.connect(domain);
        client.attach(this);
    }

    Client client() {
        return client;
    }

    boolean isClosed() {
        return closed;
    }

    /** From now on takes what it is sent, or leaves it. */
    void setReading(boolean is) {
        reading = is;
        flush();
    }

    XsMessage send(XsMessageType type, int transaction, byte[] payload) {
        return send(type.code(), transaction, payload);
    }

    XsMessage send(int type, int transaction, byte[] payload) {
        int id = ++nextRequest;
        core.process(client, new XsMessage(type, id, transaction, payload));
        core.settle();
        if (!reading) {
            return null;
        }
        assertThat(replies).hasSize(1);
        XsMessage reply = replies.removeFirst();
        assertThat(reply.requestId()).isEqualTo(id);
        assertThat(reply.transactionId()).isEqualTo(transaction);
        return reply;
    }

    /** The reply's payload, with every NUL shown as '|'; for an error its name. */
    String ask(XsMessageType type, int transaction, String... arguments) {
        return show(send(type, transaction, Payloads.strings(arguments)));
    }

    String ask(XsMessageType type, String... arguments) {
        return ask(type, 0, arguments);
    }

    String write(int transaction, String path, String value) {
        return show(send(
                XsMessageType.WRITE,
                transaction,
                Payloads.withValue(path, value.getBytes(StandardCharsets.ISO_8859_1))));
    }

    String write(String path, String value) {
        return write(0, path, value);
    }

    String read(String path) {
        return ask(XsMessageType.READ, path);
    }

    int begin() {
        return Integer.parseUnsignedInt(
                send(XsMessageType.TRANSACTION_START, 0, Payloads.nothing()).text());
    }

    String commit(int transaction) {
        return ask(XsMessageType.TRANSACTION_END, transaction, "T");
    }

    /** Events since the last time: {@code path token}. */
    List<String> events() {
        List<String> all = List.copyOf(events);
        events.clear();
        return all;
    }

    static String show(XsMessage reply) {
        if (reply.is(XsMessageType.ERROR)) {
            assertThat(XsError.named(reply.text()).name()).isEqualTo(reply.text());
            return reply.text();
        }
        return new String(reply.payload(), StandardCharsets.ISO_8859_1).replace('\0', '|');
    }

    @Override
    public void flush() {
        Outbox.Item item;
        while (reading && (item = client.outbox().head()) != null) {
            byte[] bytes = item.bytes();
            client.outbox().advance(bytes.length);
            int at = 0;
            while (at < bytes.length) {
                int count = Math.min(decoder.wanted(), bytes.length - at);
                System.arraycopy(bytes, at, decoder.target(), decoder.offset(), count);
                at += count;
                XsMessage message = decoder.advance(count);
                if (message != null) {
                    take(message);
                }
            }
        }
    }

    private void take(XsMessage message) {
        if (message.is(XsMessageType.WATCH_EVENT)) {
            List<String> parts = Payloads.split(message.payload(), 0);
            events.add(parts.get(0) + " " + parts.get(1));
        } else {
            replies.add(message);
        }
    }

    /** Ends the connection. */
    void disconnect() {
        core.disconnect(client);
        core.settle();
    }

    @Override
    public void resume() {
        // Requests are never held back here.
    }

    @Override
    public void giveUp(int error) {
        closed = true;
    }

    @Override
    public void close() {
        closed = true;
    }
}
