// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * Reads the log of the monitor. {@code struct xen_sysctl_readconsole} in sysctl.h.
 *
 * <pre>
 *   offset  size  field        written by
 *        0     1  clear        caller: not 0 to clear it afterwards
 *        1     1  incremental  caller: not 0 to start at index
 *        4     4  index        both: where to start; where to go on
 *        8     8  buffer       caller: where the text goes
 *       16     4  count        caller: room in the buffer; monitor: bytes written
 * </pre>
 */
public final class XenSysctlReadconsole {
    /** Bytes of the structure. */
    public static final int SIZE = 24;

    public static final long CLEAR = 0;
    public static final long INCREMENTAL = 1;
    public static final long INDEX = 4;
    public static final long BUFFER = 8;
    public static final long COUNT = 16;

    private XenSysctlReadconsole() {}

    public static int clear(MemorySegment memory, long at) {
        return Byte.toUnsignedInt(memory.get(JAVA_BYTE, at + CLEAR));
    }

    public static void clear(MemorySegment memory, long at, int value) {
        memory.set(JAVA_BYTE, at + CLEAR, (byte) value);
    }

    public static int incremental(MemorySegment memory, long at) {
        return Byte.toUnsignedInt(memory.get(JAVA_BYTE, at + INCREMENTAL));
    }

    public static void incremental(MemorySegment memory, long at, int value) {
        memory.set(JAVA_BYTE, at + INCREMENTAL, (byte) value);
    }

    public static int index(MemorySegment memory, long at) {
        return memory.get(JAVA_INT_UNALIGNED, at + INDEX);
    }

    public static void index(MemorySegment memory, long at, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + INDEX, value);
    }

    public static long buffer(MemorySegment memory, long at) {
        return memory.get(JAVA_LONG_UNALIGNED, at + BUFFER);
    }

    public static void buffer(MemorySegment memory, long at, long value) {
        memory.set(JAVA_LONG_UNALIGNED, at + BUFFER, value);
    }

    public static int count(MemorySegment memory, long at) {
        return memory.get(JAVA_INT_UNALIGNED, at + COUNT);
    }

    public static void count(MemorySegment memory, long at, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + COUNT, value);
    }
}
