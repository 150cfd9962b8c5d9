// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.console;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ByteFifoPropertyTest {
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 7, 64, 1000})
    void shouldRememberTheLastBytesOfEverythingWritten(int capacity) {
        Random random = new Random(capacity);
        ByteFifo history = new ByteFifo(capacity);
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        assertThat(history.copy()).isEmpty();
        for (int i = 0; i < 500; i++) {
            byte[] bytes = new byte[random.nextInt(3 * capacity) + 1];
            random.nextBytes(bytes);
            int offset = random.nextInt(bytes.length);
            int length = random.nextInt(bytes.length - offset + 1);
            history.putLast(bytes, offset, length);
            all.write(bytes, offset, length);
            byte[] written = all.toByteArray();
            int from = Math.max(0, written.length - capacity);
            assertThat(history.copy()).isEqualTo(Arrays.copyOfRange(written, from, written.length));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 7, 64, 1000})
    void shouldGiveEveryByteOnceAndInOrder(int capacity) {
        Random random = new Random(capacity);
        ByteFifo fifo = new ByteFifo(capacity);
        ByteArrayOutputStream in = new ByteArrayOutputStream();
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (int i = 0; i < 500; i++) {
            byte[] bytes = new byte[random.nextInt(2 * capacity) + 1];
            random.nextBytes(bytes);
            int room = fifo.room();
            int put = fifo.put(bytes, 0, bytes.length);
            assertThat(put).isEqualTo(Math.min(room, bytes.length));
            in.write(bytes, 0, put);
            byte[] taken = new byte[random.nextInt(2 * capacity) + 1];
            out.write(taken, 0, fifo.take(taken, 0, taken.length));
        }
        byte[] rest = new byte[capacity];
        out.write(rest, 0, fifo.take(rest, 0, capacity));
        assertThat(out.toByteArray()).isEqualTo(in.toByteArray());
    }
}
