// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.stress.soak;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Slots whose every word follows from one number, so that a mix of two is seen. */
final class Payload {
    static final int REQUEST_WORDS = Link.SLOT_BYTES / Long.BYTES;
    static final int RESPONSE_WORDS = 2;

    private Payload() {}

    private static long mix(long number, int word) {
        long z = number + word * 0x9E3779B97F4A7C15L;
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        return z ^ (z >>> 27);
    }

    /** Word 0 is the number, the others follow from it. */
    static void write(MemorySegment memory, long offset, long number, int words) {
        memory.set(ValueLayout.JAVA_LONG, offset, number);
        for (int word = 1; word < words; word++) {
            memory.set(ValueLayout.JAVA_LONG, offset + 8L * word, mix(number, word));
        }
    }

    /** The number, if every word fits it. */
    static long read(MemorySegment memory, long offset, int words) {
        long number = memory.get(ValueLayout.JAVA_LONG, offset);
        for (int word = 1; word < words; word++) {
            if (memory.get(ValueLayout.JAVA_LONG, offset + 8L * word) != mix(number, word)) {
                throw new AssertionError("torn payload: word " + word + " of " + number);
            }
        }
        return number;
    }
}
