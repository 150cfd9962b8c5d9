// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * Where a number lies in a structure, as a value. What a framework does for any protocol goes through this one class, which
 * the compiler inlines however many types of fields there are, where an interface call would have to be looked up.
 *
 * @param offset from the structure's start
 * @param size 1, 2, 4 or 8 bytes
 * @param signed whether its highest bit is a sign
 */
public record Place(long offset, int size, boolean signed) {
    /** The value, widened as its type says; 64 unsigned bits keep their bits. */
    public long read(MemorySegment memory, long at) {
        long from = at + offset;
        return switch (size) {
            case 1 -> {
                byte value = memory.get(JAVA_BYTE, from);
                yield signed ? value : Byte.toUnsignedLong(value);
            }
            case 2 -> {
                short value = memory.get(JAVA_SHORT_UNALIGNED, from);
                yield signed ? value : Short.toUnsignedLong(value);
            }
            case 4 -> {
                int value = memory.get(JAVA_INT_UNALIGNED, from);
                yield signed ? value : Integer.toUnsignedLong(value);
            }
            default -> memory.get(JAVA_LONG_UNALIGNED, from);
        };
    }

    /** Stores the low bits of a value. */
    public void write(MemorySegment memory, long at, long value) {
        long to = at + offset;
        switch (size) {
            case 1 -> memory.set(JAVA_BYTE, to, (byte) value);
            case 2 -> memory.set(JAVA_SHORT_UNALIGNED, to, (short) value);
            case 4 -> memory.set(JAVA_INT_UNALIGNED, to, (int) value);
            default -> memory.set(JAVA_LONG_UNALIGNED, to, value);
        }
    }
}
