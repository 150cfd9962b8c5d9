// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.xenstored;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.ring.ByteRing;
import io.splitvisor.xenstore.Payloads;
import io.splitvisor.xenstore.XsDecoder;
import io.splitvisor.xenstore.XsMessage;
import io.splitvisor.xenstore.XsMessageType;
import io.splitvisor.xenstore.XsWire;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/** A guest that writes what it likes into its xenstore page. */
final class RingGuest {
    private final Bench bench;
    private final int domid;
    private final MemorySegment page;
    private final ByteRing requests;
    private final ByteRing replies;
    private final XsDecoder decoder = new XsDecoder();
    private int events;
    private int nextRequest;

    RingGuest(Bench bench, int domid, MemorySegment page) {
        this.bench = bench;
        this.domid = domid;
        this.page = page;
        requests = new ByteRing(page, XsWire.REQ, XsWire.RING_SIZE, XsWire.REQ_CONS, XsWire.REQ_PROD);
        replies = new ByteRing(page, XsWire.RSP, XsWire.RING_SIZE, XsWire.RSP_CONS, XsWire.RSP_PROD);
    }

    int domid() {
        return domid;
    }

    MemorySegment page() {
        return page;
    }

    void onEvent() {
        events++;
    }

    /** Events since the last time. */
    int takeEvents() {
        int taken = events;
        events = 0;
        return taken;
    }

    int word(int offset) {
        return page.get(ValueLayout.JAVA_INT, offset);
    }

    void setWord(int offset, int value) {
        page.set(ValueLayout.JAVA_INT, offset, value);
    }

    void signal() {
        bench.event(domid);
    }

    /** Puts bytes into the ring, as many as fit, and signals. */
    int sendRaw(byte[] bytes) {
        int count = requests.write(bytes, 0, bytes.length);
        signal();
        return count;
    }

    /** Sends a whole request, reading nothing; false if the ring was full before it was complete. */
    boolean send(XsMessageType type, int transaction, byte[] payload) {
        byte[] bytes = new XsMessage(type.code(), ++nextRequest, transaction, payload).encode();
        int at = 0;
        while (at < bytes.length) {
            int count = requests.write(bytes, at, bytes.length - at);
            at += Math.max(count, 0);
            signal();
            if (count <= 0 && requests.writable() <= 0) {
                return false;
            }
        }
        return true;
    }

    /** Reads all that is there, and goes on reading while more comes. */
    List<XsMessage> receive() {
        List<XsMessage> messages = new ArrayList<>();
        while (true) {
            int count = replies.read(decoder.target(), decoder.offset(), decoder.wanted());
            assertThat(count).isNotNegative();
            XsMessage message = decoder.advance(count);
            assertThat(decoder.broken()).isFalse();
            if (message != null) {
                messages.add(message);
            } else if (count == 0) {
                signal();
                if (replies.readable() <= 0) {
                    return messages;
                }
            }
        }
    }

    /** Sends, and returns the answer as {@link TestClient#ask} does; events on the way are left out. */
    String ask(XsMessageType type, String... arguments) {
        assertThat(send(type, 0, Payloads.strings(arguments))).isTrue();
        for (XsMessage message : receive()) {
            if (!message.is(XsMessageType.WATCH_EVENT)) {
                return TestClient.show(message);
            }
        }
        return null;
    }

    String write(String path, String value) {
        assertThat(send(XsMessageType.WRITE, 0, Payloads.withValue(path, value.getBytes(US_ASCII))))
                .isTrue();
        for (XsMessage message : receive()) {
            if (!message.is(XsMessageType.WATCH_EVENT)) {
                return TestClient.show(message);
            }
        }
        return null;
    }
}
