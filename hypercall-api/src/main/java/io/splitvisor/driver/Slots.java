// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver;

import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.MemorySegment;

/** Copies between ring slots and private memory. */
public final class Slots {
    /** Up to here, a loop of words is faster than a call of the general copy. */
    private static final long SMALL = 64;

    private Slots() {}

    /** Copies bytes, reading each once. */
    public static void copy(MemorySegment from, long at, MemorySegment to, long toAt, long bytes) {
        if (bytes > SMALL || (bytes & Long.BYTES - 1) != 0) {
            MemorySegment.copy(from, at, to, toAt, bytes);
            return;
        }
        for (long done = 0; done < bytes; done += Long.BYTES) {
            to.set(JAVA_LONG_UNALIGNED, toAt + done, from.get(JAVA_LONG_UNALIGNED, at + done));
        }
    }
}
