// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * A vCPU's clock: system time is {@code system_time + ((tsc - tsc_timestamp) << tsc_shift) * tsc_to_system_mul / 2^32},
 * in nanoseconds since boot. {@code struct vcpu_time_info} in xen.h.
 *
 * <pre>
 *   offset  size  field              written by
 *        0     4  version            monitor: odd while it updates the rest
 *        4     4  pad0               nobody
 *        8     8  tsc_timestamp      monitor: cycles at the last update
 *       16     8  system_time        monitor: nanoseconds at the last update
 *       24     4  tsc_to_system_mul  monitor
 *       28     1  tsc_shift          monitor: signed; a shift to the right if negative
 *       29     1  flags              monitor: XEN_PVCLOCK_*
 *       30     2  pad1               nobody
 * </pre>
 *
 * A reader takes {@code version}, the fields, and {@code version} again, until both are even and equal.
 */
public final class VcpuTimeInfo {
    /** Bytes of the structure. */
    public static final int SIZE = 32;

    public static final long VERSION = 0;
    public static final long TSC_TIMESTAMP = 8;
    public static final long SYSTEM_TIME = 16;
    public static final long TSC_TO_SYSTEM_MUL = 24;
    public static final long TSC_SHIFT = 28;
    public static final long FLAGS = 29;

    /** Bit of {@code flags}: the clock is the same on all vCPUs ({@code XEN_PVCLOCK_TSC_STABLE_BIT}). */
    public static final int PVCLOCK_TSC_STABLE_BIT = 1;

    /** Bit of {@code flags}: the guest was paused ({@code XEN_PVCLOCK_GUEST_STOPPED}). */
    public static final int PVCLOCK_GUEST_STOPPED = 2;

    private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();

    private VcpuTimeInfo() {}

    /** For the monitor: makes the version odd, so that readers wait. Ends with {@link #endUpdateRelease}. */
    public static void beginUpdateRelease(MemorySegment memory, long at) {
        beginUpdate(memory, at + VERSION);
    }

    /** For the monitor: makes the version even again. Pairs with {@link #versionAcquire}. */
    public static void endUpdateRelease(MemorySegment memory, long at) {
        endUpdate(memory, at + VERSION);
    }

    /** For a reader, before the fields; odd means to try again. */
    public static int versionAcquire(MemorySegment memory, long at) {
        return (int) INT.getAcquire(memory, at + VERSION);
    }

    /** For a reader, after the fields: whether they all belong to the {@code version} read before. */
    public static boolean isUnchangedSince(MemorySegment memory, long at, int version) {
        return isUnchanged(memory, at + VERSION, version);
    }

    static void beginUpdate(MemorySegment memory, long word) {
        INT.setOpaque(memory, word, ((int) INT.getOpaque(memory, word)) | 1);
        // The odd version is visible before any of the new fields.
        VarHandle.storeStoreFence();
    }

    static void endUpdate(MemorySegment memory, long word) {
        INT.setRelease(memory, word, ((int) INT.getOpaque(memory, word) | 1) + 1);
    }

    static boolean isUnchanged(MemorySegment memory, long word, int version) {
        VarHandle.loadLoadFence();
        return (version & 1) == 0 && (int) INT.getOpaque(memory, word) == version;
    }

    public static long tscTimestamp(MemorySegment memory, long at) {
        return memory.get(JAVA_LONG_UNALIGNED, at + TSC_TIMESTAMP);
    }

    public static void tscTimestamp(MemorySegment memory, long at, long value) {
        memory.set(JAVA_LONG_UNALIGNED, at + TSC_TIMESTAMP, value);
    }

    public static long systemTime(MemorySegment memory, long at) {
        return memory.get(JAVA_LONG_UNALIGNED, at + SYSTEM_TIME);
    }

    public static void systemTime(MemorySegment memory, long at, long value) {
        memory.set(JAVA_LONG_UNALIGNED, at + SYSTEM_TIME, value);
    }

    public static int tscToSystemMul(MemorySegment memory, long at) {
        return memory.get(JAVA_INT_UNALIGNED, at + TSC_TO_SYSTEM_MUL);
    }

    public static void tscToSystemMul(MemorySegment memory, long at, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + TSC_TO_SYSTEM_MUL, value);
    }

    public static int tscShift(MemorySegment memory, long at) {
        return memory.get(JAVA_BYTE, at + TSC_SHIFT);
    }

    public static void tscShift(MemorySegment memory, long at, int value) {
        memory.set(JAVA_BYTE, at + TSC_SHIFT, (byte) value);
    }

    public static int flags(MemorySegment memory, long at) {
        return Byte.toUnsignedInt(memory.get(JAVA_BYTE, at + FLAGS));
    }

    public static void flags(MemorySegment memory, long at, int value) {
        memory.set(JAVA_BYTE, at + FLAGS, (byte) value);
    }
}
