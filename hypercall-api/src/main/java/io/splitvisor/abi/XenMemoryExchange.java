// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi;

import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * Argument of exchange: the pages to give away and the pages to get. {@code struct xen_memory_exchange} in
 * memory.h.
 *
 * <pre>
 *   offset  size  field         written by
 *        0    32  in            caller: a {@link XenMemoryReservation}
 *       32    32  out           caller: a {@link XenMemoryReservation}
 *       64     8  nr_exchanged  both: extents of the first list done
 * </pre>
 */
public final class XenMemoryExchange {
    /** Bytes of the structure. */
    public static final int SIZE = 72;

    public static final long IN = 0;
    public static final long OUT = 32;
    public static final long NR_EXCHANGED = 64;

    private XenMemoryExchange() {}

    /** Where the reservation to give away starts. */
    public static long in(long at) {
        return at + IN;
    }

    /** Where the reservation to get starts. */
    public static long out(long at) {
        return at + OUT;
    }

    public static long nrExchanged(MemorySegment memory, long at) {
        return memory.get(JAVA_LONG_UNALIGNED, at + NR_EXCHANGED);
    }

    public static void nrExchanged(MemorySegment memory, long at, long value) {
        memory.set(JAVA_LONG_UNALIGNED, at + NR_EXCHANGED, value);
    }
}
