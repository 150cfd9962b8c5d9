// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * The page that the monitor and a domain share: vCPUs, the two-level event channel bitmaps, wall clock. {@code struct
 * shared_info} in xen.h.
 *
 * <pre>
 *   offset  size  field               written by
 *        0  2048  vcpu_info[32]       both: see {@link VcpuInfo}
 *     2048   512  evtchn_pending[64]  both: senders set a port's bit, the guest clears it
 *     2560   512  evtchn_mask[64]     guest, and the monitor for an unmask hypercall
 *     3072     4  wc_version          monitor: odd while it updates the clock
 *     3076     4  wc_sec              monitor: wall clock at boot, seconds since 1970, low half
 *     3080     4  wc_nsec             monitor: and nanoseconds
 *     3084     4  wc_sec_hi           monitor: high half of the seconds
 *     3088    48  arch                guest and monitor: an {@link ArchSharedInfo}
 * </pre>
 *
 * Port n is bit {@code n % 64} of word {@code n / 64}; callers have checked that n is below
 * {@link #EVTCHN_CHANNELS}. The structure starts at a multiple of 8.
 *
 * <p>Order: a sender writes its data, then sets pending (full fence); a receiver clears pending (full fence), then
 * reads the data. Whichever of the two comes last sees the other, so no event is lost.
 */
public final class SharedInfo {
    /** Bytes of the structure. */
    public static final int SIZE = 3136;

    /** vCPUs that have their vcpu_info here; others register a place ({@code XEN_LEGACY_MAX_VCPUS}). */
    public static final int LEGACY_MAX_VCPUS = 32;

    /** Words of each bitmap. */
    public static final int EVTCHN_WORDS = 64;

    /** Ports of the two-level ABI ({@code EVTCHN_2L_NR_CHANNELS}). */
    public static final int EVTCHN_CHANNELS = EVTCHN_WORDS * Long.SIZE;

    public static final long VCPU_INFO = 0;
    public static final long EVTCHN_PENDING = 2048;
    public static final long EVTCHN_MASK = 2560;
    public static final long WC_VERSION = 3072;
    public static final long WC_SEC = 3076;
    public static final long WC_NSEC = 3080;
    public static final long WC_SEC_HI = 3084;
    public static final long ARCH = 3088;

    private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();
    private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();

    private SharedInfo() {}

    /** Where the {@link VcpuInfo} of a vCPU below {@link #LEGACY_MAX_VCPUS} starts. */
    public static long vcpuInfo(long at, int vcpu) {
        return at + VCPU_INFO + (long) vcpu * VcpuInfo.SIZE;
    }

    /** The word of a bitmap, and of the selector, that holds a port. */
    public static int wordOf(int port) {
        return port >>> 6;
    }

    /** For a sender: sets a port's pending bit; whether it was set already. A full fence. */
    public static boolean testAndSetPendingVolatile(MemorySegment memory, long at, int port) {
        return testAndSet(memory, at + EVTCHN_PENDING, port);
    }

    /** For the receiver: clears a port's pending bit; whether it was set. A full fence. */
    public static boolean testAndClearPendingVolatile(MemorySegment memory, long at, int port) {
        return testAndClear(memory, at + EVTCHN_PENDING, port);
    }

    public static boolean isPendingAcquire(MemorySegment memory, long at, int port) {
        return test(memory, at + EVTCHN_PENDING, port);
    }

    /** Sets a port's mask bit; whether it was set already. A full fence. */
    public static boolean testAndSetMaskVolatile(MemorySegment memory, long at, int port) {
        return testAndSet(memory, at + EVTCHN_MASK, port);
    }

    /** Clears a port's mask bit; whether it was set. A full fence: a look at pending after this misses nothing. */
    public static boolean testAndClearMaskVolatile(MemorySegment memory, long at, int port) {
        return testAndClear(memory, at + EVTCHN_MASK, port);
    }

    public static boolean isMaskedAcquire(MemorySegment memory, long at, int port) {
        return test(memory, at + EVTCHN_MASK, port);
    }

    /** Word 0 to 63 of the pending bitmap. */
    public static long pendingWordAcquire(MemorySegment memory, long at, int word) {
        return (long) LONG.getAcquire(memory, at + EVTCHN_PENDING + (long) word * Long.BYTES);
    }

    /** Word 0 to 63 of the mask bitmap. */
    public static long maskWordAcquire(MemorySegment memory, long at, int word) {
        return (long) LONG.getAcquire(memory, at + EVTCHN_MASK + (long) word * Long.BYTES);
    }

    /** Sets a whole word of the mask bitmap, as a guest does before it opens for events. */
    public static void maskWordRelease(MemorySegment memory, long at, int word, long value) {
        LONG.setRelease(memory, at + EVTCHN_MASK + (long) word * Long.BYTES, value);
    }

    /**
     * For the guest: the pending ports of a word that are not masked. Read by an atomic operation, because its bits are cleared next:
     * so the line comes once, for writing. A full fence.
     */
    public static long activeWordVolatile(MemorySegment memory, long at, int word) {
        long pending = (long) LONG.getAndAdd(memory, at + EVTCHN_PENDING + (long) word * Long.BYTES, 0L);
        return pending & ~maskWordAcquire(memory, at, word);
    }

    /** For the monitor: the wall clock at boot, so that readers see all of it or nothing. */
    public static void wallClockRelease(MemorySegment memory, long at, long seconds, int nanoseconds) {
        VcpuTimeInfo.beginUpdate(memory, at + WC_VERSION);
        INT.setOpaque(memory, at + WC_SEC, (int) seconds);
        INT.setOpaque(memory, at + WC_NSEC, nanoseconds);
        INT.setOpaque(memory, at + WC_SEC_HI, (int) (seconds >>> 32));
        VcpuTimeInfo.endUpdate(memory, at + WC_VERSION);
    }

    /** For a reader, before the clock; odd means to try again. */
    public static int wcVersionAcquire(MemorySegment memory, long at) {
        return (int) INT.getAcquire(memory, at + WC_VERSION);
    }

    /** For a reader, after the clock: whether all of it belongs to the {@code version} read before. */
    public static boolean isWallClockUnchangedSince(MemorySegment memory, long at, int version) {
        return VcpuTimeInfo.isUnchanged(memory, at + WC_VERSION, version);
    }

    /** Seconds since 1970 at boot. */
    public static long wcSeconds(MemorySegment memory, long at) {
        long high = (int) INT.getOpaque(memory, at + WC_SEC_HI);
        return (high << 32) | Integer.toUnsignedLong((int) INT.getOpaque(memory, at + WC_SEC));
    }

    /** Nanoseconds at boot, beside {@link #wcSeconds}. */
    public static int wcNanoseconds(MemorySegment memory, long at) {
        return (int) INT.getOpaque(memory, at + WC_NSEC);
    }

    /** Where {@code arch} starts, an {@link ArchSharedInfo}. */
    public static long arch(long at) {
        return at + ARCH;
    }

    private static boolean test(MemorySegment memory, long bitmap, int port) {
        return ((long) LONG.getAcquire(memory, wordAt(bitmap, port)) & bit(port)) != 0;
    }

    private static boolean testAndSet(MemorySegment memory, long bitmap, int port) {
        return (SharedBits.or(memory, wordAt(bitmap, port), bit(port)) & bit(port)) != 0;
    }

    private static boolean testAndClear(MemorySegment memory, long bitmap, int port) {
        return (SharedBits.andNot(memory, wordAt(bitmap, port), bit(port)) & bit(port)) != 0;
    }

    private static long wordAt(long bitmap, int port) {
        return bitmap + (long) wordOf(port) * Long.BYTES;
    }

    private static long bit(int port) {
        return 1L << port;
    }
}
