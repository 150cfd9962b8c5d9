// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.hypercall;

import io.splitvisor.abi.MmuExtOp;
import io.splitvisor.abi.MmuExtRequest;
import io.splitvisor.abi.XenErrno;
import io.splitvisor.abi.paging.PageTableEntry;
import io.splitvisor.abi.paging.PagingCounter;
import io.splitvisor.hypercall.HypercallOp;
import io.splitvisor.monitor.Domain;
import io.splitvisor.monitor.Monitor;
import io.splitvisor.monitor.memory.GuestMemory;
import io.splitvisor.monitor.paging.RegisteredPaging;
import java.lang.foreign.MemorySegment;

/** {@code mmuext_op}: pins, roots, flushes, and pages that are cleared and copied. */
final class MmuExtHandlers {
    /** Filling a page costs about as much as so many simple calls. */
    private static final int PAGE_COST = 2;

    private final MmuTargets targets;
    private final MmuBatch operations =
            new MmuBatch(MmuExtRequest.SIZE, PagingCounter.MMUEXT_CALLS, PagingCounter.MMUEXT_OPS, this::operation);

    MmuExtHandlers(Monitor monitor) {
        this.targets = new MmuTargets(monitor);
    }

    void bind(HypercallTable table) {
        table.bind(HypercallOp.MMUEXT_OP, this::mmuExtOp);
    }

    private long mmuExtOp(HypercallContext call) {
        Domain owner = targets.pageOwner(call, call.word(3));
        if (owner == null) {
            return -XenErrno.ESRCH;
        }
        if (!(owner.paging() instanceof RegisteredPaging paging)) {
            return -XenErrno.EINVAL;
        }
        return DomainTargets.permitted(call, owner) ? operations.serve(call, paging) : -XenErrno.EPERM;
    }

    private int operation(HypercallContext call, long at, RegisteredPaging paging) {
        MemorySegment request = call.argument();
        long machine = MmuExtRequest.arg1Mfn(request, at);
        boolean own = call.caller().paging() == paging;
        int command = MmuExtRequest.cmd(request, at);
        return switch (command) {
            case MmuExtOp.PIN_L1_TABLE, MmuExtOp.PIN_L2_TABLE, MmuExtOp.PIN_L3_TABLE, MmuExtOp.PIN_L4_TABLE ->
                paging.pin(own ? call.vcpu() : 0, machine, command - MmuExtOp.PIN_L1_TABLE + 1, call);
            case MmuExtOp.UNPIN_TABLE -> paging.unpin(machine);
            case MmuExtOp.CLEAR_PAGE -> {
                call.spend(PAGE_COST);
                yield paging.clearPage(machine);
            }
            case MmuExtOp.COPY_PAGE -> {
                call.spend(PAGE_COST);
                yield paging.copyPage(machine, MmuExtRequest.arg2SrcMfn(request, at));
            }
            case MmuExtOp.MARK_SUPER, MmuExtOp.UNMARK_SUPER -> -XenErrno.EOPNOTSUPP;
            case MmuExtOp.NEW_BASEPTR,
                    MmuExtOp.NEW_USER_BASEPTR,
                    MmuExtOp.TLB_FLUSH_LOCAL,
                    MmuExtOp.INVLPG_LOCAL,
                    MmuExtOp.TLB_FLUSH_MULTI,
                    MmuExtOp.INVLPG_MULTI,
                    MmuExtOp.TLB_FLUSH_ALL,
                    MmuExtOp.INVLPG_ALL,
                    MmuExtOp.FLUSH_CACHE,
                    MmuExtOp.FLUSH_CACHE_GLOBAL,
                    MmuExtOp.SET_LDT -> own ? ownOperation(call, at, paging, command) : -XenErrno.EPERM;
            default -> -XenErrno.ENOSYS;
        };
    }

    /** What nobody may do to another domain. */
    private static int ownOperation(HypercallContext call, long at, RegisteredPaging paging, int command) {
        MemorySegment request = call.argument();
        long first = MmuExtRequest.arg1Mfn(request, at);
        int vcpu = call.vcpu();
        return switch (command) {
            case MmuExtOp.NEW_BASEPTR -> paging.newRoot(vcpu, first, call);
            case MmuExtOp.NEW_USER_BASEPTR -> paging.newUserRoot(vcpu, first, call);
            case MmuExtOp.TLB_FLUSH_LOCAL -> flush(paging, vcpu, 1L << vcpu);
            case MmuExtOp.TLB_FLUSH_ALL -> flush(paging, vcpu, -1);
            case MmuExtOp.INVLPG_LOCAL -> invalidate(paging, vcpu, 1L << vcpu, first);
            case MmuExtOp.INVLPG_ALL -> invalidate(paging, vcpu, -1, first);
            case MmuExtOp.TLB_FLUSH_MULTI, MmuExtOp.INVLPG_MULTI -> {
                GuestMemory memory = call.caller().memory();
                long place = MmuExtRequest.arg2Vcpumask(request, at);
                if (!memory.isAccessible(place, Long.BYTES)) {
                    yield -XenErrno.EINVAL;
                }
                long mask = memory.getLong(place);
                yield command == MmuExtOp.TLB_FLUSH_MULTI
                        ? flush(paging, vcpu, mask)
                        : invalidate(paging, vcpu, mask, first);
            }
            // No guest has devices whose memory its caches could keep from.
            case MmuExtOp.FLUSH_CACHE, MmuExtOp.FLUSH_CACHE_GLOBAL -> -XenErrno.EACCES;
            default -> DescriptorHandlers.setLdt(paging, vcpu, first, MmuExtRequest.arg2NrEnts(request, at));
        };
    }

    private static int flush(RegisteredPaging paging, int vcpu, long mask) {
        paging.flush(vcpu, mask);
        return 0;
    }

    /** An address that is not canonical is in no TLB. */
    private static int invalidate(RegisteredPaging paging, int vcpu, long mask, long linear) {
        if (PageTableEntry.isCanonical(linear)) {
            paging.invalidate(vcpu, mask, linear);
        }
        return 0;
    }
}
