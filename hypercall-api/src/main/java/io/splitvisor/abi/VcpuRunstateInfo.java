// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * What a vCPU did with its time. {@code struct vcpu_runstate_info} in vcpu.h. The states are {@link Runstate}.
 *
 * <pre>
 *   offset  size  field             written by
 *        0     4  state             monitor: what it does now
 *        8     8  state_entry_time  monitor: system time at which that began
 *       16    32  time[4]           monitor: nanoseconds in each state
 * </pre>
 */
public final class VcpuRunstateInfo {
    /** Bytes of the structure. */
    public static final int SIZE = 48;

    public static final long STATE = 0;
    public static final long STATE_ENTRY_TIME = 8;
    public static final long TIME = 16;

    private VcpuRunstateInfo() {}

    public static int state(MemorySegment memory, long at) {
        return memory.get(JAVA_INT_UNALIGNED, at + STATE);
    }

    public static void state(MemorySegment memory, long at, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + STATE, value);
    }

    public static long stateEntryTime(MemorySegment memory, long at) {
        return memory.get(JAVA_LONG_UNALIGNED, at + STATE_ENTRY_TIME);
    }

    public static void stateEntryTime(MemorySegment memory, long at, long value) {
        memory.set(JAVA_LONG_UNALIGNED, at + STATE_ENTRY_TIME, value);
    }

    public static long time(MemorySegment memory, long at, int index) {
        return memory.get(JAVA_LONG_UNALIGNED, at + TIME + (long) index * 8);
    }

    public static void time(MemorySegment memory, long at, int index, long value) {
        memory.set(JAVA_LONG_UNALIGNED, at + TIME + (long) index * 8, value);
    }
}
