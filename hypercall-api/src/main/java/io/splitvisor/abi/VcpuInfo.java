// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * What the monitor and one vCPU share: the upcall flag and its mask, and which words of the pending bitmap to look at.
 * {@code struct vcpu_info} in xen.h.
 *
 * <pre>
 *   offset  size  field                  written by
 *        0     1  evtchn_upcall_pending  both: the monitor sets it, the guest clears it
 *        1     1  evtchn_upcall_mask     guest, and the monitor when it delivers or blocks
 *        2     6  pad                    nobody
 *        8     8  evtchn_pending_sel     both: bit n for word n of evtchn_pending; the guest exchanges it with 0
 *       16    16  arch                   monitor: an {@link ArchVcpuInfo}
 *       32    32  time                   monitor: a {@link VcpuTimeInfo}
 * </pre>
 *
 * Accessors here need {@code at} to be a multiple of 8 in memory that is at least so aligned; whoever lets a guest
 * choose the place ({@code VCPUOP_register_vcpu_info}) checks that first.
 */
public final class VcpuInfo {
    /** Bytes of the structure. */
    public static final int SIZE = 64;

    public static final long EVTCHN_UPCALL_PENDING = 0;
    public static final long EVTCHN_UPCALL_MASK = 1;
    public static final long EVTCHN_PENDING_SEL = 8;
    public static final long ARCH = 16;
    public static final long TIME = 32;

    private static final VarHandle BYTE = ValueLayout.JAVA_BYTE.varHandle();
    private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();

    private VcpuInfo() {}

    /** For the monitor: sets bit 0 of the pending flag; whether it was set already. A full fence. */
    public static boolean testAndSetUpcallPendingVolatile(MemorySegment memory, long at) {
        // Java has no atomic operation on a byte in memory; like Xen, use the bit in the word around it.
        return (SharedBits.or(memory, at + EVTCHN_UPCALL_PENDING, 1) & 1) != 0;
    }

    public static boolean isUpcallPendingAcquire(MemorySegment memory, long at) {
        return (byte) BYTE.getAcquire(memory, at + EVTCHN_UPCALL_PENDING) != 0;
    }

    /**
     * For the guest: clears the flag, before it takes the selector or the ready word by an atomic operation, which is what lets the
     * monitor see this first.
     */
    public static void clearUpcallPendingRelease(MemorySegment memory, long at) {
        BYTE.setRelease(memory, at + EVTCHN_UPCALL_PENDING, (byte) 0);
    }

    /** For the guest: clears the flag, before it looks at the selector. A full fence. */
    public static void clearUpcallPendingVolatile(MemorySegment memory, long at) {
        BYTE.setVolatile(memory, at + EVTCHN_UPCALL_PENDING, (byte) 0);
    }

    public static boolean isUpcallMaskedAcquire(MemorySegment memory, long at) {
        return (byte) BYTE.getAcquire(memory, at + EVTCHN_UPCALL_MASK) != 0;
    }

    /** Masks or unmasks upcalls. A full fence, so that who unmasks sees, after this, what became pending before. */
    public static void upcallMaskVolatile(MemorySegment memory, long at, boolean masked) {
        BYTE.setVolatile(memory, at + EVTCHN_UPCALL_MASK, (byte) (masked ? 1 : 0));
    }

    public static long pendingSelAcquire(MemorySegment memory, long at) {
        return (long) LONG.getAcquire(memory, at + EVTCHN_PENDING_SEL);
    }

    /**
     * For the monitor: selects a word of the pending bitmap, 0 to 63; whether it was selected already. A full
     * fence.
     */
    public static boolean testAndSetPendingSelVolatile(MemorySegment memory, long at, int word) {
        long bit = 1L << word;
        return (SharedBits.or(memory, at + EVTCHN_PENDING_SEL, bit) & bit) != 0;
    }

    /** For the guest: takes all selected words at once. A full fence. */
    public static long takePendingSelVolatile(MemorySegment memory, long at) {
        return (long) LONG.getAndSet(memory, at + EVTCHN_PENDING_SEL, 0L);
    }

    /** Where {@code arch} starts, an {@link ArchVcpuInfo}. */
    public static long arch(long at) {
        return at + ARCH;
    }

    /** Where {@code time} starts, a {@link VcpuTimeInfo}. */
    public static long time(long at) {
        return at + TIME;
    }
}
