// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver;

import java.lang.foreign.MemorySegment;

/** Copies between ring slots and private memory. */
public final class Slots {
    private Slots() {}

    /** Copies bytes, reading each once. */
    public static void copy(MemorySegment from, long at, MemorySegment to, long toAt, long bytes) {
        MemorySegment.copy(from, at, to, toAt, bytes);
    }
}
