// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.xenstore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.splitvisor.ring.ByteRing;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** A guest's end of the ring, against a server that sits in the notification. */
class RingTransportTest {
    private final MemorySegment page = Arena.ofAuto().allocate(4096, 4096);
    private final ByteRing requests =
            new ByteRing(page, XsWire.REQ, XsWire.RING_SIZE, XsWire.REQ_CONS, XsWire.REQ_PROD);
    private final ByteRing replies = new ByteRing(page, XsWire.RSP, XsWire.RING_SIZE, XsWire.RSP_CONS, XsWire.RSP_PROD);
    private final XsDecoder decoder = new XsDecoder();
    private byte[] answer = {};
    private int answered;
    private int notifications;
    private int restarts;

    private int word(int offset) {
        return page.get(ValueLayout.JAVA_INT, offset);
    }

    private void setWord(int offset, int value) {
        page.set(ValueLayout.JAVA_INT, offset, value);
    }

    /** Takes what is there, echoes the payload of what is complete, gives what fits. */
    private void serve() {
        notifications++;
        while (true) {
            if (answered < answer.length) {
                int count = replies.write(answer, answered, answer.length - answered);
                answered += Math.max(count, 0);
                if (answered < answer.length) {
                    return;
                }
            }
            int count = requests.read(decoder.target(), decoder.offset(), decoder.wanted());
            if (count < 0) {
                return;
            }
            XsMessage message = decoder.advance(count);
            if (message != null) {
                answer = message.encode();
                answered = 0;
            } else if (count == 0) {
                return;
            }
        }
    }

    @Test
    void shouldPassMessagesLongerThanTheRing() {
        try (XenstoreConnection store = new XenstoreConnection(new RingTransport(page, this::serve))) {
            String path = "/" + "p".repeat(3000);
            assertThat(store.readBytes(path)).hasSize(3002);
            for (int i = 0; i < 100; i++) {
                assertThat(store.read("/short" + i)).isEqualTo("/short" + i + "\0");
            }
        }
        assertThat(notifications).isPositive();
    }

    @Test
    void shouldWorkFromAnyIndex() {
        for (int offset : new int[] {XsWire.REQ_CONS, XsWire.REQ_PROD, XsWire.RSP_CONS, XsWire.RSP_PROD}) {
            setWord(offset, -7);
        }
        try (XenstoreConnection store = new XenstoreConnection(new RingTransport(page, this::serve))) {
            assertThat(store.read("/a")).isEqualTo("/a\0");
        }
    }

    @Test
    void shouldFailWhenTheServerGivesUp() {
        setWord(XsWire.SERVER_FEATURES, XsWire.FEATURE_ERROR);
        RingTransport transport = new RingTransport(page, () -> setWord(XsWire.ERROR, XsWire.ERROR_PROTO));
        try (XenstoreConnection store = new XenstoreConnection(transport)) {
            assertThatThrownBy(() -> store.read("/a"))
                    .isInstanceOf(XenstoreException.class)
                    .cause()
                    .hasMessageContaining("error 3");
        }
        assertThat(transport.serverFeatures()).isEqualTo(XsWire.FEATURE_ERROR);
    }

    @Test
    void shouldFailWhenTheRingIsBroken() {
        RingTransport transport = new RingTransport(page, () -> setWord(XsWire.RSP_PROD, 5000));
        try (XenstoreConnection store = new XenstoreConnection(transport)) {
            assertThatThrownBy(() -> store.read("/a")).isInstanceOf(XenstoreException.class);
            assertThatThrownBy(() -> store.read("/a")).isInstanceOf(XenstoreException.class);
        }
    }

    /** A server that can start over, and does so when asked. */
    private void serveAndRestart() {
        if (word(XsWire.CONNECTION) == XsWire.RECONNECT) {
            decoder.reset();
            answer = new byte[0];
            answered = 0;
            for (int offset = XsWire.REQ_CONS; offset <= XsWire.RSP_PROD; offset += Integer.BYTES) {
                setWord(offset, 0);
            }
            setWord(XsWire.ERROR, XsWire.ERROR_NONE);
            setWord(XsWire.CONNECTION, XsWire.CONNECTED);
            restarts++;
        }
        serve();
    }

    private RingTransport restarting() {
        setWord(XsWire.SERVER_FEATURES, XsWire.FEATURE_RECONNECTION | XsWire.FEATURE_ERROR);
        return new RingTransport(page, this::serveAndRestart);
    }

    @Test
    void shouldStartOverWhenTheRingIsBroken() {
        RingTransport transport = restarting();
        try (XenstoreConnection store = new XenstoreConnection(transport)) {
            assertThat(store.read("/a")).isEqualTo("/a\0");
            setWord(XsWire.RSP_PROD, word(XsWire.RSP_CONS) + XsWire.RING_SIZE + 1);
            transport.onEvent();
            assertThat(restarts).isEqualTo(1);
            assertThat(store.read("/b")).isEqualTo("/b\0");
        }
    }

    @Test
    void shouldStartOverWhenASenderFindsTheRingBroken() {
        RingTransport transport = restarting();
        try (XenstoreConnection store = new XenstoreConnection(transport)) {
            assertThat(store.read("/a")).isEqualTo("/a\0");
            setWord(XsWire.REQ_CONS, word(XsWire.REQ_PROD) + 1);
            assertThat(store.read("/b")).as("asked again").isEqualTo("/b\0");
            setWord(XsWire.REQ_CONS, word(XsWire.REQ_PROD) + 1);
            assertThatThrownBy(() -> store.write("/b", "x"))
                    .as("may have been done")
                    .isInstanceOfSatisfying(
                            XenstoreException.class, e -> assertThat(e.error()).isEqualTo(XsError.EIO));
            assertThat(restarts).isEqualTo(2);
        }
    }

    @Test
    void shouldStartOverWhenTheServerGaveUp() {
        RingTransport transport = restarting();
        try (XenstoreConnection store = new XenstoreConnection(transport)) {
            setWord(XsWire.ERROR, XsWire.ERROR_PROTO);
            transport.onEvent();
            assertThat(store.read("/a")).isEqualTo("/a\0");
            assertThat(restarts).isEqualTo(1);
        }
    }

    @Test
    void shouldEndWhenStartingOverDoesNotHelp() {
        RingTransport transport = restarting();
        try (XenstoreConnection store = new XenstoreConnection(transport)) {
            for (int i = 0; i < 20; i++) {
                setWord(XsWire.ERROR, XsWire.ERROR_COMM);
                transport.onEvent();
            }
            assertThat(restarts).isEqualTo(5);
            assertThatThrownBy(() -> store.read("/a")).cause().hasMessageContaining("error 1");
        }
    }

    @Test
    void shouldNotTouchARingThatIsBeingReconnected() {
        setWord(XsWire.CONNECTION, XsWire.RECONNECT);
        setWord(XsWire.RSP_PROD, 100);
        RingTransport transport = new RingTransport(page, () -> {});
        try (XenstoreConnection store = new XenstoreConnection(transport, Duration.ofMillis(10))) {
            transport.onEvent();
            assertThat(word(XsWire.RSP_CONS)).isZero();
            assertThat(store.needsPolling()).isTrue();
        }
        assertThat(word(XsWire.REQ_PROD)).isZero();
    }
}
