// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * Bits in words that one side sets and the other one clears, by compare-and-exchange from a guess. To look first would be to
 * fetch the word's cache line twice from the other side: once for reading, once more for writing. A wrong guess brings the word
 * along with the line.
 *
 * <p>Every operation ends with a successful exchange, whether it changes the word or not, so that what was written before it is
 * visible to whoever changes the word after it. Each is a full fence.
 */
final class SharedBits {
    private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();
    private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();

    private SharedBits() {}

    /** Sets bits in a word that has mostly none; what was there. */
    static int or(MemorySegment memory, long at, int bits) {
        int seen = 0;
        int was = (int) INT.compareAndExchange(memory, at, seen, bits);
        while (was != seen) {
            seen = was;
            was = (int) INT.compareAndExchange(memory, at, seen, seen | bits);
        }
        return was;
    }

    /** Sets bits in a word that has mostly none; what was there. */
    static long or(MemorySegment memory, long at, long bits) {
        long seen = 0;
        long was = (long) LONG.compareAndExchange(memory, at, seen, bits);
        while (was != seen) {
            seen = was;
            was = (long) LONG.compareAndExchange(memory, at, seen, seen | bits);
        }
        return was;
    }

    /** Clears bits in a word that has mostly no others; what was there. */
    static long andNot(MemorySegment memory, long at, long bits) {
        long seen = bits;
        long was = (long) LONG.compareAndExchange(memory, at, seen, 0L);
        while (was != seen) {
            seen = was;
            was = (long) LONG.compareAndExchange(memory, at, seen, seen & ~bits);
        }
        return was;
    }
}
