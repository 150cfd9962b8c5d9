// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.hypercall;

import io.splitvisor.abi.XenErrno;
import io.splitvisor.abi.XenMemoryExchange;
import io.splitvisor.abi.XenMemoryReservation;
import io.splitvisor.monitor.memory.GuestMemory;
import io.splitvisor.monitor.memory.Reservation;
import java.lang.foreign.MemorySegment;

/**
 * The argument of {@code XENMEM_exchange}: two lists of extents that have to be the same memory. A chunk is the least of
 * them that is whole extents on either side; it is exchanged altogether or not at all.
 */
final class Exchange {
    private final HypercallContext call;
    private final MemorySegment argument;
    private final long in;
    private final long out;
    private final int inOrder;
    private final int outOrder;

    Exchange(HypercallContext call) {
        this.call = call;
        this.argument = call.argument();
        this.in = XenMemoryExchange.in(0);
        this.out = XenMemoryExchange.out(0);
        this.inOrder = XenMemoryReservation.extentOrder(argument, in);
        this.outOrder = XenMemoryReservation.extentOrder(argument, out);
    }

    int domid() {
        return XenMemoryReservation.domid(argument, in);
    }

    /** Extents of the first list. */
    long extents() {
        return XenMemoryReservation.nrExtents(argument, in);
    }

    /** Extents of the first list that the caller says are exchanged already. */
    long done() {
        return XenMemoryExchange.nrExchanged(argument, 0);
    }

    /** Extents of the first list in a chunk. */
    long chunkExtents() {
        return 1L << Math.max(outOrder - inOrder, 0);
    }

    int chunkPages() {
        return 1 << Math.max(inOrder, outOrder);
    }

    /** What is wrong with it, or 0. */
    long check() {
        int most = ReservationHandlers.maxOrder(call);
        if (Integer.compareUnsigned(inOrder, most) > 0 || Integer.compareUnsigned(outOrder, most) > 0) {
            return -XenErrno.EPERM;
        }
        long outExtents = XenMemoryReservation.nrExtents(argument, out);
        boolean fits = Long.compareUnsigned(done(), extents()) <= 0
                && domid() == XenMemoryReservation.domid(argument, out)
                && Long.compareUnsigned(extents(), -1L >>> inOrder) <= 0
                && Long.compareUnsigned(outExtents, -1L >>> outOrder) <= 0
                && extents() << inOrder == outExtents << outOrder
                // More than any domain has, and more than its lists could hold.
                && extents() >= 0
                && extents() << inOrder <= 1L << 40
                // Work goes on where a chunk begins.
                && done() % chunkExtents() == 0;
        return fits ? 0 : -XenErrno.EINVAL;
    }

    /** Exchanges the chunk that starts at an extent of the first list. */
    long chunk(Reservation reservation, long extent) {
        long[] from = new long[chunkPages()];
        long[] to = new long[chunkPages()];
        long firstPage = extent << inOrder;
        long inList = XenMemoryReservation.extentStart(argument, in);
        long outList = XenMemoryReservation.extentStart(argument, out);
        if (!frames(from, inList, firstPage >>> inOrder, inOrder)
                || !frames(to, outList, firstPage >>> outOrder, outOrder)) {
            return -XenErrno.EFAULT;
        }
        return reservation.exchange(from, to);
    }

    /** Reads a chunk's extents, and lists their frames. */
    private boolean frames(long[] frames, long list, long extent, int order) {
        GuestMemory memory = call.caller().memory();
        long at = list + extent * Long.BYTES;
        for (int i = 0; i < frames.length; at += Long.BYTES) {
            if (!memory.isAccessible(at, Long.BYTES)) {
                return false;
            }
            long first = memory.getLong(at);
            for (int page = 0; page < 1 << order; page++) {
                frames[i++] = first + page;
            }
        }
        return true;
    }
}
