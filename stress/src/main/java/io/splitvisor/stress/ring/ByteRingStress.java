// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.stress.ring;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.splitvisor.ring.ByteRing;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/** Bytes come out as they went in, across the end of the buffer and the wrap of the indices, and never too early. */
public final class ByteRingStress {
    private static final int SIZE = 8;
    private static final int CONSUMER = 8;
    private static final int PRODUCER = 12;
    private static final int WRONG = -9;

    private ByteRingStress() {}

    /** An eight-byte ring whose next byte goes to offset 5 of the buffer, three before the indices wrap. */
    abstract static class Ring {
        final MemorySegment memory = MemorySegment.ofArray(new long[2]);
        final ByteRing producer;
        final ByteRing consumer;

        Ring() {
            memory.set(ValueLayout.JAVA_INT, CONSUMER, -3);
            memory.set(ValueLayout.JAVA_INT, PRODUCER, -3);
            producer = new ByteRing(memory, 0, SIZE, CONSUMER, PRODUCER);
            consumer = new ByteRing(memory, 0, SIZE, CONSUMER, PRODUCER);
        }

        static byte[] numbers(int first, int count) {
            byte[] bytes = new byte[count];
            for (int i = 0; i < count; i++) {
                bytes[i] = (byte) (first + i);
            }
            return bytes;
        }

        /** Reads all there is: how many bytes, or {@link #WRONG} if they do not count up from {@code first}. */
        final int read(int first) {
            byte[] bytes = new byte[SIZE];
            int count = consumer.read(bytes, 0, SIZE);
            for (int i = 0; i < count; i++) {
                if (bytes[i] != first + i) {
                    return WRONG;
                }
            }
            return count;
        }
    }

    /** Two writes, the first across the end of the buffer; two reads. */
    @JCStressTest
    @Outcome(
            id = {"0, 0", "0, 5", "0, 7", "5, 0", "5, 2", "7, 0"},
            expect = ACCEPTABLE,
            desc = "what was published by then")
    @Outcome(expect = FORBIDDEN, desc = "wrong bytes, or part of a write")
    @State
    public static class WriteAndRead extends Ring {
        @Actor
        public void write() {
            producer.write(numbers(1, 5), 0, 5);
            producer.write(numbers(6, 2), 0, 2);
        }

        @Actor
        public void read(II_Result r) {
            r.r1 = read(1);
            r.r2 = read(1 + Math.max(0, r.r1));
        }
    }

    /** A full ring: the producer gets the space only after the consumer has the bytes. */
    @JCStressTest
    @Outcome(
            id = {"0, 8", "8, 8"},
            expect = ACCEPTABLE,
            desc = "the old bytes, and space when they were out")
    @Outcome(expect = FORBIDDEN, desc = "overwritten while being read")
    @State
    public static class FullRing extends Ring {
        public FullRing() {
            producer.write(numbers(1, SIZE), 0, SIZE);
        }

        @Actor
        public void write(II_Result r) {
            r.r1 = producer.write(numbers(101, SIZE), 0, SIZE);
        }

        @Actor
        public void read(II_Result r) {
            r.r2 = read(1);
        }
    }
}
