// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * What a vCPU does. {@code struct xen_domctl_getvcpuinfo} in domctl.h.
 *
 * <pre>
 *   offset  size  field     written by
 *        0     4  vcpu      caller: its number
 *        4     1  online    monitor: 1 or 0
 *        5     1  blocked   monitor: 1 while it waits for an event
 *        6     1  running   monitor: 1 or 0
 *        8     8  cpu_time  monitor: nanoseconds
 *       16     4  cpu       monitor: the processor it runs on
 * </pre>
 */
public final class XenDomctlGetvcpuinfo {
    /** Bytes of the structure. */
    public static final int SIZE = 24;

    public static final long VCPU = 0;
    public static final long ONLINE = 4;
    public static final long BLOCKED = 5;
    public static final long RUNNING = 6;
    public static final long CPU_TIME = 8;
    public static final long CPU = 16;

    private XenDomctlGetvcpuinfo() {}

    public static int vcpu(MemorySegment memory, long at) {
        return memory.get(JAVA_INT_UNALIGNED, at + VCPU);
    }

    public static void vcpu(MemorySegment memory, long at, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + VCPU, value);
    }

    public static int online(MemorySegment memory, long at) {
        return Byte.toUnsignedInt(memory.get(JAVA_BYTE, at + ONLINE));
    }

    public static void online(MemorySegment memory, long at, int value) {
        memory.set(JAVA_BYTE, at + ONLINE, (byte) value);
    }

    public static int blocked(MemorySegment memory, long at) {
        return Byte.toUnsignedInt(memory.get(JAVA_BYTE, at + BLOCKED));
    }

    public static void blocked(MemorySegment memory, long at, int value) {
        memory.set(JAVA_BYTE, at + BLOCKED, (byte) value);
    }

    public static int running(MemorySegment memory, long at) {
        return Byte.toUnsignedInt(memory.get(JAVA_BYTE, at + RUNNING));
    }

    public static void running(MemorySegment memory, long at, int value) {
        memory.set(JAVA_BYTE, at + RUNNING, (byte) value);
    }

    public static long cpuTime(MemorySegment memory, long at) {
        return memory.get(JAVA_LONG_UNALIGNED, at + CPU_TIME);
    }

    public static void cpuTime(MemorySegment memory, long at, long value) {
        memory.set(JAVA_LONG_UNALIGNED, at + CPU_TIME, value);
    }

    public static int cpu(MemorySegment memory, long at) {
        return memory.get(JAVA_INT_UNALIGNED, at + CPU);
    }

    public static void cpu(MemorySegment memory, long at, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + CPU, value);
    }
}
