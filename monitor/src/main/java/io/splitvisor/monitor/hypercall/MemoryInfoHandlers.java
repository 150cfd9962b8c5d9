// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.hypercall;

import io.splitvisor.abi.XenErrno;
import io.splitvisor.abi.XenMemAcquireResource;
import io.splitvisor.abi.XenMemoryDomain;
import io.splitvisor.abi.XenMemoryMap;
import io.splitvisor.abi.XenMemoryReservation;
import io.splitvisor.attach.DomainLayout;
import io.splitvisor.hypercall.HypercallOp;
import io.splitvisor.monitor.Domain;
import io.splitvisor.monitor.memory.GuestMemory;
import io.splitvisor.monitor.memory.Reservation;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.function.ToLongFunction;

/** The operations of {@code memory_op} that only tell something, and those that nobody is given here. */
final class MemoryInfoHandlers {
    private static final int E820_RAM = 1;
    private static final int E820_RESERVED = 2;
    private static final int E820_ENTRY = 20;

    private final DomainTargets targets;

    MemoryInfoHandlers(DomainTargets targets) {
        this.targets = targets;
    }

    void bind(HypercallTable table) {
        table.bind(HypercallOp.XENMEM_MAXIMUM_RAM_PAGE, call -> {
            // The machine, as far as a domain can see it, is its own memory.
            long pages = call.caller().memory().layout().totalPages();
            return ReservationHandlers.startExtent(call) == 0 ? pages : -XenErrno.EINVAL;
        });
        table.bind(HypercallOp.XENMEM_CURRENT_RESERVATION, call -> tell(call, Reservation::pages));
        table.bind(HypercallOp.XENMEM_MAXIMUM_RESERVATION, call -> tell(call, Reservation::limit));
        table.bind(HypercallOp.XENMEM_MAXIMUM_GPFN, call -> tell(call, Reservation::highestFrame));
        table.bind(HypercallOp.XENMEM_MEMORY_MAP, MemoryInfoHandlers::memoryMap);
        table.bind(HypercallOp.XENMEM_CLAIM_PAGES, this::claimPages);
        table.bind(HypercallOp.XENMEM_ACQUIRE_RESOURCE, this::acquireResource);
    }

    private long tell(HypercallContext call, ToLongFunction<Reservation> what) {
        if (ReservationHandlers.startExtent(call) != 0) {
            return -XenErrno.EINVAL;
        }
        Domain domain = targets.find(call, XenMemoryDomain.domid(call.argument(), 0));
        if (domain == null) {
            return -XenErrno.ESRCH;
        }
        return DomainTargets.permitted(call, domain)
                ? what.applyAsLong(domain.memory().reservation())
                : -XenErrno.EPERM;
    }

    /** RAM up to the most that the domain can have, holes included, as libxl describes it; then the special pages. */
    private static long memoryMap(HypercallContext call) {
        if (ReservationHandlers.startExtent(call) != 0) {
            return -XenErrno.ENOSYS;
        }
        GuestMemory memory = call.caller().memory();
        DomainLayout layout = memory.layout();
        long ram = DomainLayout.bytes(layout.ramPages());
        MemorySegment entries = MemorySegment.ofArray(new byte[2 * E820_ENTRY]);
        entry(entries, 0, 0, ram, E820_RAM);
        entry(entries, 1, ram, layout.totalBytes() - ram, E820_RESERVED);
        MemorySegment argument = call.argument();
        int count = Integer.compareUnsigned(XenMemoryMap.nrEntries(argument, 0), 2) < 0
                ? XenMemoryMap.nrEntries(argument, 0)
                : 2;
        XenMemoryMap.nrEntries(argument, 0, count);
        boolean told = memory.copyTo(XenMemoryMap.buffer(argument, 0), entries, (long) count * E820_ENTRY);
        return told ? 0 : -XenErrno.EFAULT;
    }

    private static void entry(MemorySegment entries, int index, long from, long bytes, int type) {
        long at = (long) index * E820_ENTRY;
        entries.set(ValueLayout.JAVA_LONG_UNALIGNED, at, from);
        entries.set(ValueLayout.JAVA_LONG_UNALIGNED, at + 8, bytes);
        entries.set(ValueLayout.JAVA_INT_UNALIGNED, at + 16, type);
    }

    /** Memory is not reserved ahead of its use, so that a claim has nothing to hold on to. */
    private long claimPages(HypercallContext call) {
        MemorySegment argument = call.argument();
        boolean sound = ReservationHandlers.startExtent(call) == 0
                && XenMemoryReservation.extentStart(argument, 0) == 0
                && XenMemoryReservation.extentOrder(argument, 0) == 0
                && XenMemoryReservation.memFlags(argument, 0) == 0
                && targets.find(call, XenMemoryReservation.domid(argument, 0)) != null;
        if (!sound) {
            return -XenErrno.EINVAL;
        }
        return call.caller().privileged() ? -XenErrno.EOPNOTSUPP : -XenErrno.EPERM;
    }

    /** One domain's special pages are not for another. */
    private long acquireResource(HypercallContext call) {
        MemorySegment argument = call.argument();
        long frame = XenMemAcquireResource.frame(argument, 0);
        long frames = Integer.toUnsignedLong(XenMemAcquireResource.nrFrames(argument, 0));
        if (XenMemAcquireResource.pad(argument, 0) != 0 || frame >>> 32 != 0 || frame + frames >>> 32 != 0) {
            return -XenErrno.EINVAL;
        }
        int domid = XenMemAcquireResource.domid(argument, 0);
        if (call.isSelf(domid)) {
            return -XenErrno.EPERM;
        }
        if (targets.find(call, domid) == null) {
            return -XenErrno.ESRCH;
        }
        return call.caller().privileged() ? -XenErrno.EOPNOTSUPP : -XenErrno.EPERM;
    }
}
