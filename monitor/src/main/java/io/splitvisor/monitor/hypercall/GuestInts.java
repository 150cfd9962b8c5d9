// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.hypercall;

import io.splitvisor.monitor.memory.GuestMemory;
import java.lang.foreign.MemorySegment;

/** 32-bit numbers of a guest that no structure contains. */
final class GuestInts {
    private GuestInts() {}

    /** The number at an address; 0 where there is no memory. */
    static int read(GuestMemory memory, long address) {
        int[] number = new int[1];
        memory.copyFrom(address, MemorySegment.ofArray(number), Integer.BYTES);
        return number[0];
    }

    /** Writes it, where there is memory. */
    static void write(GuestMemory memory, long address, int number) {
        memory.copyTo(address, MemorySegment.ofArray(new int[] {number}), Integer.BYTES);
    }
}
