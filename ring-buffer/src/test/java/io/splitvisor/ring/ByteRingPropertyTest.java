// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.ring;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A byte ring against a queue, with indices that start just before the wrap; repeatable from the seed. */
class ByteRingPropertyTest {
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 5, 8, 13, 21, 34})
    void shouldBehaveAsABoundedQueue(long seed) {
        Random random = new Random(seed);
        int size = 1 << random.nextInt(13);
        MemorySegment memory = XenRings.memory(size + 64);
        int start = random.nextBoolean() ? -random.nextInt(3 * size + 1) : random.nextInt();
        int words = (size + 3) & ~3;
        XenRings.word(memory, words, start);
        XenRings.word(memory, words + 4, start);
        ByteRing producer = new ByteRing(memory, 0, size, words, words + 4);
        ByteRing consumer = new ByteRing(memory, 0, size, words, words + 4);
        ArrayDeque<Byte> model = new ArrayDeque<>();
        byte[] bytes = new byte[2 * size + 8];
        for (int round = 0; round < 5_000; round++) {
            int offset = random.nextInt(4);
            int length = random.nextInt(bytes.length - offset);
            random.nextBytes(bytes);
            if (random.nextBoolean()) {
                int expected = Math.min(length, size - model.size());
                assertThat(producer.write(bytes, offset, length)).isEqualTo(expected);
                for (int i = 0; i < expected; i++) {
                    model.add(bytes[offset + i]);
                }
            } else {
                int expected = Math.min(length, model.size());
                byte untouched = bytes[offset + expected];
                assertThat(consumer.read(bytes, offset, length)).isEqualTo(expected);
                for (int i = 0; i < expected; i++) {
                    if (bytes[offset + i] != model.remove()) {
                        throw new AssertionError("byte " + i + " of round " + round);
                    }
                }
                assertThat(bytes[offset + expected]).isEqualTo(untouched);
            }
            assertThat(consumer.readable()).isEqualTo(model.size());
            assertThat(producer.writable()).isEqualTo(size - model.size());
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {4, 44, 444})
    void c1_shouldNeverLeaveTheBufferUnderAHostilePeer(long seed) {
        Random random = new Random(seed);
        int size = 1024;
        MemorySegment memory = XenRings.memory(size + 8);
        ByteRing ring = new ByteRing(memory, 0, size, size, size + 4);
        byte[] bytes = new byte[2 * size];
        for (int round = 0; round < 50_000; round++) {
            int consumer = random.nextInt();
            int distance = random.nextBoolean() ? random.nextInt() : random.nextInt(size + 2);
            XenRings.word(memory, size, consumer);
            XenRings.word(memory, size + 4, consumer + distance);
            int readable = ring.readable();
            if (distance >= 0 && distance <= size) {
                assertThat(readable).isEqualTo(distance);
                assertThat(ring.write(bytes, 0, bytes.length)).isEqualTo(size - distance);
                assertThat(ring.read(bytes, 0, bytes.length)).isEqualTo(size);
            } else {
                assertThat(readable).isEqualTo(ByteRing.CORRUPT);
                assertThat(ring.write(bytes, 0, bytes.length)).isEqualTo(ByteRing.CORRUPT);
                assertThat(ring.read(bytes, 0, bytes.length)).isEqualTo(ByteRing.CORRUPT);
            }
        }
    }
}
