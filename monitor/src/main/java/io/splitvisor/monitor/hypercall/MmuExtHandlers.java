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

    private int operation(HypercallContext call, RegisteredPaging paging) {
        MemorySegment request = call.argument();
        long machine = MmuExtRequest.arg1Mfn(request, 0);
        boolean own = call.caller().paging() == paging;
        int command = MmuExtRequest.cmd(request, 0);
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
                yield paging.copyPage(machine, MmuExtRequest.arg2SrcMfn(request, 0));
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
                    MmuExtOp.SET_LDT -> own ? ownOperation(call, paging, command) : -XenErrno.EPERM;
            default -> -XenErrno.ENOSYS;
        };
    }

    /** What nobody may do to another domain. */
    private static int ownOperation(HypercallContext call, RegisteredPaging paging, int command) {
        MemorySegment request = call.argument();
        int vcpu = call.vcpu();
        return switch (command) {
            case MmuExtOp.NEW_BASEPTR -> paging.newRoot(vcpu, MmuExtRequest.arg1Mfn(request, 0), call);
            case MmuExtOp.NEW_USER_BASEPTR -> paging.newUserRoot(vcpu, MmuExtRequest.arg1Mfn(request, 0), call);
            case MmuExtOp.TLB_FLUSH_LOCAL, MmuExtOp.INVLPG_LOCAL -> flush(call, paging, command, 1L << vcpu);
            case MmuExtOp.TLB_FLUSH_ALL, MmuExtOp.INVLPG_ALL -> flush(call, paging, command, -1);
            case MmuExtOp.TLB_FLUSH_MULTI, MmuExtOp.INVLPG_MULTI -> {
                GuestMemory memory = call.caller().memory();
                long mask = MmuExtRequest.arg2Vcpumask(request, 0);
                yield memory.isAccessible(mask, Long.BYTES)
                        ? flush(call, paging, command, memory.getLong(mask))
                        : -XenErrno.EINVAL;
            }
            // No guest has devices whose memory its caches could keep from.
            case MmuExtOp.FLUSH_CACHE, MmuExtOp.FLUSH_CACHE_GLOBAL -> -XenErrno.EACCES;
            default -> DescriptorHandlers.setLdt(call, paging, request);
        };
    }

    private static int flush(HypercallContext call, RegisteredPaging paging, int command, long mask) {
        boolean all = command == MmuExtOp.TLB_FLUSH_LOCAL
                || command == MmuExtOp.TLB_FLUSH_MULTI
                || command == MmuExtOp.TLB_FLUSH_ALL;
        long linear = MmuExtRequest.arg1LinearAddr(call.argument(), 0);
        if (all) {
            paging.flush(call.vcpu(), mask);
        } else if (PageTableEntry.isCanonical(linear)) {
            paging.invalidate(call.vcpu(), mask, linear);
        }
        return 0;
    }
}
