// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.hypercall;

import io.splitvisor.abi.MemoryFlags;
import io.splitvisor.abi.XenErrno;
import io.splitvisor.abi.XenMemoryExchange;
import io.splitvisor.abi.XenMemoryReservation;
import io.splitvisor.hypercall.HypercallOp;
import io.splitvisor.monitor.Domain;
import io.splitvisor.monitor.memory.GuestMemory;
import io.splitvisor.monitor.memory.Reservation;
import java.lang.foreign.MemorySegment;

/**
 * The operations of {@code memory_op} that change how many pages a domain has. Their result is the number of extents done,
 * those included that the command's upper bits claim to be done already; whatever is wrong, it stops there. A guest that
 * claims too much only skips extents of its own.
 */
final class ReservationHandlers {
    /** {@code memop-max-order} of an ordinary domain: 2 MiB. */
    static final int MAX_ORDER = 9;

    /** Order of a whole machine for Dom0. */
    private static final int DOM0_MAX_ORDER = 18;

    private static final int EXTENT_SHIFT = 6;
    private static final long MAX_EXTENTS = 0xffff_ffffL >>> EXTENT_SHIFT;
    private static final int ADDRESS_BITS = 0xff;
    private static final int PAGE_SHIFT = 12;

    /** What is done for one extent; false ends the operation. */
    @FunctionalInterface
    private interface Extent {
        boolean apply(Reservation reservation, long frame, int order);
    }

    private final DomainTargets targets;

    ReservationHandlers(DomainTargets targets) {
        this.targets = targets;
    }

    void bind(HypercallTable table) {
        table.bind(HypercallOp.XENMEM_INCREASE_RESERVATION, this::increase);
        table.bind(HypercallOp.XENMEM_DECREASE_RESERVATION, call -> extents(call, true, Reservation::decrease));
        table.bind(HypercallOp.XENMEM_POPULATE_PHYSMAP, this::populate);
        table.bind(HypercallOp.XENMEM_EXCHANGE, this::exchange);
    }

    /** How many extents the command says are done already. */
    static long startExtent(HypercallContext call) {
        return call.word(0) >>> EXTENT_SHIFT;
    }

    static int maxOrder(HypercallContext call) {
        return call.caller().privileged() ? DOM0_MAX_ORDER : MAX_ORDER;
    }

    private long populate(HypercallContext call) {
        boolean onDemand = (XenMemoryReservation.memFlags(call.argument(), 0) & MemoryFlags.POPULATE_ON_DEMAND) != 0;
        // Memory is populated on demand anyway; nobody may ask for it for himself, and here nobody needs to.
        return extents(call, true, onDemand ? (_, _, _) -> false : Reservation::populate);
    }

    /** A translated guest is not told where the pages are, so its list, if any, is not looked at. */
    private long increase(HypercallContext call) {
        return extents(call, false, (reservation, _, order) -> reservation.increase(order));
    }

    private long extents(HypercallContext call, boolean hasList, Extent extent) {
        MemorySegment argument = call.argument();
        long start = startExtent(call);
        long count = XenMemoryReservation.nrExtents(argument, 0);
        Domain domain = targets.find(call, XenMemoryReservation.domid(argument, 0));
        boolean sound = Long.compareUnsigned(count, MAX_EXTENTS) <= 0
                && Long.compareUnsigned(start, count) < 0
                && domain != null
                && flagsAreSound(call, XenMemoryReservation.memFlags(argument, 0))
                && DomainTargets.permitted(call, domain);
        int order = XenMemoryReservation.extentOrder(argument, 0);
        if (!sound || Integer.compareUnsigned(order, maxOrder(call)) > 0) {
            return start;
        }
        Reservation reservation = domain.memory().reservation();
        GuestMemory memory = call.caller().memory();
        long list = XenMemoryReservation.extentStart(argument, 0);
        long done = call.resumed() ? call.progress() : start;
        while (done < count) {
            // An address that wraps is negative, and nobody's.
            long at = list + done * Long.BYTES;
            if (hasList && !memory.isAccessible(at, Long.BYTES)) {
                return done;
            }
            if (!extent.apply(reservation, hasList ? memory.getLong(at) : 0, order)) {
                return done;
            }
            done++;
            // A page that goes or comes is a call to the host: dearer than a simple call.
            call.spend(4 + (1 << order));
            if (done < count && call.preempt()) {
                call.progress(done);
                return HypercallContext.PREEMPTED;
            }
        }
        return done;
    }

    /** Node numbers are ignored, because there is one node, but not the demand for exactly one of them (row H9). */
    private static boolean flagsAreSound(HypercallContext call, int flags) {
        int bits = flags & ADDRESS_BITS;
        boolean exact = (flags & MemoryFlags.EXACT_NODE_REQUEST) != 0 && (flags & MemoryFlags.VNODE) == 0;
        boolean namesNode = (flags >>> 8 & 0xff) != 0;
        return (bits == 0 || bits > PAGE_SHIFT)
                && !(exact && namesNode && !call.caller().privileged());
    }

    private long exchange(HypercallContext call) {
        if (startExtent(call) != 0) {
            return -XenErrno.EINVAL;
        }
        Exchange exchange = new Exchange(call);
        long result = exchange.check();
        if (result < 0) {
            return result;
        }
        Domain domain = targets.find(call, exchange.domid());
        if (domain == null) {
            return -XenErrno.ESRCH;
        }
        if (!DomainTargets.permitted(call, domain)) {
            return -XenErrno.EPERM;
        }
        long done = call.resumed() ? call.progress() : exchange.done();
        while (done < exchange.extents() && result == 0) {
            result = exchange.chunk(domain.memory().reservation(), done);
            if (result == 0) {
                done += exchange.chunkExtents();
                call.spend(4 + 2 * exchange.chunkPages());
                if (done < exchange.extents() && call.preempt()) {
                    call.progress(done);
                    return HypercallContext.PREEMPTED;
                }
            }
        }
        // Told after a failure, too: the caller has to know which of its pages are new.
        long told = call.word(1) + XenMemoryExchange.NR_EXCHANGED;
        return call.caller().memory().putLong(told, done) ? result : -XenErrno.EFAULT;
    }
}
