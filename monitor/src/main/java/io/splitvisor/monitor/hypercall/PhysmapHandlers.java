// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.hypercall;

import io.splitvisor.abi.PhysmapSpace;
import io.splitvisor.abi.XenAddToPhysmap;
import io.splitvisor.abi.XenAddToPhysmapBatch;
import io.splitvisor.abi.XenErrno;
import io.splitvisor.abi.XenRemoveFromPhysmap;
import io.splitvisor.hypercall.HypercallOp;
import io.splitvisor.monitor.Domain;
import io.splitvisor.monitor.grant.GrantTable;
import io.splitvisor.monitor.memory.GuestMemory;
import java.lang.foreign.MemorySegment;

/** The operations of {@code memory_op} that put pages at frames. */
final class PhysmapHandlers {
    private static final long INVALID_GFN = -1;

    /** {@code XENMAPIDX_grant_table_status}. */
    private static final long STATUS_FRAMES = 1L << 31;

    private final DomainTargets targets;

    PhysmapHandlers(DomainTargets targets) {
        this.targets = targets;
    }

    void bind(HypercallTable table) {
        table.bind(HypercallOp.XENMEM_ADD_TO_PHYSMAP, this::add);
        table.bind(HypercallOp.XENMEM_ADD_TO_PHYSMAP_BATCH, this::addBatch);
        table.bind(HypercallOp.XENMEM_REMOVE_FROM_PHYSMAP, this::remove);
    }

    /** Why the caller may not put pages of this space at frames of the domain, or 0. */
    private static long refusal(HypercallContext call, Domain domain, int space) {
        if (domain == null) {
            return -XenErrno.ESRCH;
        }
        if (space == PhysmapSpace.DEV_MMIO) {
            return -XenErrno.EACCES;
        }
        return DomainTargets.permitted(call, domain) ? 0 : -XenErrno.EPERM;
    }

    private long add(HypercallContext call) {
        MemorySegment argument = call.argument();
        long start = ReservationHandlers.startExtent(call);
        int space = XenAddToPhysmap.space(argument, 0);
        if (start != (start & 0xffff)) {
            return -XenErrno.EDOM;
        }
        if (space == PhysmapSpace.GMFN_FOREIGN) {
            // Only as a batch, which names the foreign domain.
            return -XenErrno.ENOSYS;
        }
        Domain domain = targets.find(call, XenAddToPhysmap.domid(argument, 0));
        long refusal = refusal(call, domain, space);
        if (refusal != 0) {
            return refusal;
        }
        long frame = XenAddToPhysmap.gpfn(argument, 0);
        long index = XenAddToPhysmap.idx(argument, 0);
        if (frame == INVALID_GFN) {
            return -XenErrno.EINVAL;
        }
        return space == PhysmapSpace.GMFN_RANGE
                ? addRange(call, domain.memory(), index, frame, start)
                : put(domain, space, index, frame);
    }

    private static long addRange(HypercallContext call, GuestMemory memory, long index, long frame, long start) {
        int pages = XenAddToPhysmap.pages(call.argument(), 0);
        if (pages < start) {
            return -XenErrno.EILSEQ;
        }
        if (Long.compareUnsigned(frame + pages, frame) < 0 || Long.compareUnsigned(index + pages, index) < 0) {
            return -XenErrno.EOVERFLOW;
        }
        long done = call.resumed() ? call.progress() : start;
        while (done < pages) {
            long result = memory.physmap().move(index + done, frame + done);
            if (result != 0) {
                return result;
            }
            done++;
            call.spend(1);
            if (done < pages && call.preempt()) {
                call.progress(done);
                return HypercallContext.PREEMPTED;
            }
        }
        return 0;
    }

    private static long put(Domain domain, int space, long index, long frame) {
        GuestMemory memory = domain.memory();
        return switch (space) {
            case PhysmapSpace.SHARED_INFO ->
                index == 0 ? memory.physmap().put(memory.layout().sharedInfo(), frame) : -XenErrno.EINVAL;
            case PhysmapSpace.GRANT_TABLE -> putGrantFrame(domain, index, frame);
            case PhysmapSpace.GMFN -> memory.physmap().move(index, frame);
            default -> -XenErrno.EINVAL;
        };
    }

    /** A frame of the grant table, which grows for it; with bit 31 a status frame, if it is version 2. */
    private static long putGrantFrame(Domain domain, long index, long frame) {
        GrantTable grants = domain.grants();
        long number = index & ~STATUS_FRAMES;
        if (number > Integer.MAX_VALUE || number < 0) {
            return -XenErrno.EINVAL;
        }
        boolean status = (index & STATUS_FRAMES) != 0;
        int page = status ? grants.statusPage((int) number) : grants.page((int) number);
        return page < 0 ? page : domain.memory().physmap().put(page, frame);
    }

    private long addBatch(HypercallContext call) {
        MemorySegment argument = call.argument();
        long start = ReservationHandlers.startExtent(call);
        int space = XenAddToPhysmapBatch.space(argument, 0);
        int pages = XenAddToPhysmapBatch.pages(argument, 0);
        if (start != (start & 0xffff)) {
            return -XenErrno.EDOM;
        }
        if (space == PhysmapSpace.GMFN_RANGE) {
            return -XenErrno.EOPNOTSUPP;
        }
        Domain domain = targets.find(call, XenAddToPhysmapBatch.domid(argument, 0));
        long refusal = refusal(call, domain, space);
        if (refusal != 0) {
            return refusal;
        }
        if (start >= pages) {
            return start == 0 ? 0 : -XenErrno.EILSEQ;
        }
        long done = call.resumed() ? call.progress() : start;
        while (done < pages) {
            long result = addOne(call, domain, space, done);
            if (result != 0) {
                return result;
            }
            done++;
            call.spend(1);
            if (done < pages && call.preempt()) {
                call.progress(done);
                return HypercallContext.PREEMPTED;
            }
        }
        return 0;
    }

    /** One page of a batch: what is wrong with it goes into its error; what is wrong with the lists ends the call. */
    private long addOne(HypercallContext call, Domain domain, int space, long index) {
        MemorySegment argument = call.argument();
        GuestMemory memory = call.caller().memory();
        long idx = XenAddToPhysmapBatch.idxs(argument, 0) + index * Long.BYTES;
        long gpfn = XenAddToPhysmapBatch.gpfns(argument, 0) + index * Long.BYTES;
        long err = XenAddToPhysmapBatch.errs(argument, 0) + index * Integer.BYTES;
        if (!memory.isAccessible(idx, Long.BYTES)
                || !memory.isAccessible(gpfn, Long.BYTES)
                || !memory.isAccessible(err, Integer.BYTES)) {
            return -XenErrno.EFAULT;
        }
        long frame = memory.getLong(gpfn);
        if (frame == INVALID_GFN) {
            return -XenErrno.EINVAL;
        }
        long result = space == PhysmapSpace.GMFN_FOREIGN
                ? foreign(call, XenAddToPhysmapBatch.u(argument, 0))
                : put(domain, space, memory.getLong(idx), frame);
        MemorySegment answer = MemorySegment.ofArray(new int[] {(int) result});
        return memory.copyTo(err, answer, Integer.BYTES) ? 0 : -XenErrno.EFAULT;
    }

    /** Another domain's memory is the operating system's to share, not the map's: grants do that. */
    private long foreign(HypercallContext call, int domid) {
        if (call.isSelf(domid)) {
            return -XenErrno.EINVAL;
        }
        return targets.find(call, domid) == null ? -XenErrno.ESRCH : -XenErrno.EPERM;
    }

    private long remove(HypercallContext call) {
        if (ReservationHandlers.startExtent(call) != 0) {
            return -XenErrno.EINVAL;
        }
        Domain domain = targets.find(call, XenRemoveFromPhysmap.domid(call.argument(), 0));
        long refusal = refusal(call, domain, PhysmapSpace.GMFN);
        return refusal != 0 ? refusal : domain.memory().physmap().remove(XenRemoveFromPhysmap.gpfn(call.argument(), 0));
    }
}
