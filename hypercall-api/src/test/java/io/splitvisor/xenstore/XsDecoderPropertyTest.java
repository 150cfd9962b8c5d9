// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.xenstore;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever pieces a stream comes in, the messages are the same. */
class XsDecoderPropertyTest {
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void shouldPutMessagesTogether(long seed) {
        Random random = new Random(seed);
        List<XsMessage> sent = new ArrayList<>();
        ByteArrayOutputStream stream = new ByteArrayOutputStream();
        for (int i = 0; i < 200; i++) {
            byte[] payload = new byte[random.nextInt(4) == 0 ? 0 : random.nextInt(XsWire.PAYLOAD_MAX + 1)];
            random.nextBytes(payload);
            XsMessage message = new XsMessage(random.nextInt(), random.nextInt(), random.nextInt(), payload);
            sent.add(message);
            stream.writeBytes(message.encode());
        }
        byte[] bytes = stream.toByteArray();
        XsDecoder decoder = new XsDecoder();
        List<XsMessage> received = new ArrayList<>();
        int at = 0;
        while (at < bytes.length) {
            int count = Math.min(Math.min(decoder.wanted(), 1 + random.nextInt(600)), bytes.length - at);
            System.arraycopy(bytes, at, decoder.target(), decoder.offset(), count);
            at += count;
            XsMessage message = decoder.advance(count);
            if (message != null) {
                received.add(message);
            }
        }
        assertThat(decoder.partial()).isFalse();
        assertThat(received).hasSameSizeAs(sent);
        for (int i = 0; i < sent.size(); i++) {
            assertThat(received.get(i).encode()).isEqualTo(sent.get(i).encode());
        }
    }

    @Test
    void shouldStopAtALengthThatIsTooLarge() {
        for (int length : new int[] {XsWire.PAYLOAD_MAX + 1, 0x80000000, -1, Integer.MAX_VALUE}) {
            XsDecoder decoder = new XsDecoder();
            byte[] header = new XsMessage(2, 1, 0, new byte[0]).encode();
            XsMessage.putInt(header, 12, length);
            System.arraycopy(header, 0, decoder.target(), 0, header.length);
            assertThat(decoder.advance(header.length)).isNull();
            assertThat(decoder.broken()).isTrue();
            assertThat(decoder.wanted()).isZero();
            assertThat(decoder.advance(0)).isNull();
            decoder.reset();
            assertThat(decoder.broken()).isFalse();
            assertThat(decoder.wanted()).isEqualTo(XsWire.HEADER_SIZE);
        }
    }
}
