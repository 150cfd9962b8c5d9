// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.paging;

import io.splitvisor.attach.DomainLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/** Stores of 1, 2, 4 or 8 bytes that the monitor makes for a guest. */
final class GuestStore {
    /** The bits of an address within a page. */
    static final long IN_PAGE = DomainLayout.PAGE_SIZE - 1;

    private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();
    private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();

    private GuestStore() {}

    /** Offset in RAM of an address that lies in a machine page. */
    static long address(int machine, long linear) {
        return DomainLayout.bytes(machine) + (linear & IN_PAGE);
    }

    static void write(MemorySegment ram, long at, int bytes, long value) {
        switch (bytes) {
            case 1 -> ram.set(ValueLayout.JAVA_BYTE, at, (byte) value);
            case 2 -> ram.set(ValueLayout.JAVA_SHORT_UNALIGNED, at, (short) value);
            case 4 -> ram.set(ValueLayout.JAVA_INT_UNALIGNED, at, (int) value);
            default -> writeLong(ram, at, value);
        }
    }

    private static void writeLong(MemorySegment ram, long at, long value) {
        if (at % Long.BYTES == 0) {
            LONG.setVolatile(ram, at, value);
        } else {
            ram.set(ValueLayout.JAVA_LONG_UNALIGNED, at, value);
        }
    }

    /** Compares and sets, at an aligned address; whether it was as expected. Small ones within their word. */
    static boolean compareAndSet(MemorySegment ram, long at, int bytes, long expected, long value) {
        if (bytes == Long.BYTES) {
            return LONG.compareAndSet(ram, at, expected, value);
        }
        long word = at & -Integer.BYTES;
        int shift = (int) (at - word) * Byte.SIZE;
        int mask = bytes == Integer.BYTES ? -1 : (1 << bytes * Byte.SIZE) - 1 << shift;
        while (true) {
            int now = (int) INT.getVolatile(ram, word);
            if (((now ^ (int) expected << shift) & mask) != 0) {
                return false;
            }
            if (INT.compareAndSet(ram, word, now, now & ~mask | (int) value << shift & mask)) {
                return true;
            }
        }
    }
}
