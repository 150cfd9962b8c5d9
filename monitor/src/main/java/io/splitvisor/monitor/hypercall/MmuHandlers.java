// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.hypercall;

import io.splitvisor.abi.DomId;
import io.splitvisor.abi.MmuUpdate;
import io.splitvisor.abi.MmuUpdateRequest;
import io.splitvisor.abi.UvmFlags;
import io.splitvisor.abi.XenErrno;
import io.splitvisor.abi.paging.PageTableEntry;
import io.splitvisor.abi.paging.PagingCounter;
import io.splitvisor.hypercall.HypercallOp;
import io.splitvisor.monitor.Domain;
import io.splitvisor.monitor.Monitor;
import io.splitvisor.monitor.memory.GuestMemory;
import io.splitvisor.monitor.paging.RegisteredPaging;

/**
 * {@code mmu_update} and {@code update_va_mapping}: changes of registered page tables. A page's number means something in
 * its own domain's memory only, so that an entry never leads to another domain's page; a privileged domain may change
 * another's tables.
 */
final class MmuHandlers {
    private static final int COMMAND = 7;

    private final MmuTargets targets;
    private final MmuBatch updates = new MmuBatch(
            MmuUpdateRequest.SIZE, PagingCounter.MMU_UPDATE_CALLS, PagingCounter.MMU_UPDATES, this::update);

    MmuHandlers(Monitor monitor) {
        this.targets = new MmuTargets(monitor);
    }

    void bind(HypercallTable table) {
        table.bind(HypercallOp.MMU_UPDATE, this::mmuUpdate);
        table.bind(HypercallOp.UPDATE_VA_MAPPING, call -> updateVa(call, call.caller()));
        table.bind(HypercallOp.UPDATE_VA_MAPPING_OTHERDOMAIN, call -> {
            Domain owner = targets.pageOwner(call, call.word(3));
            return owner == null ? -XenErrno.ESRCH : updateVa(call, owner);
        });
    }

    private long mmuUpdate(HypercallContext call) {
        Domain tables = targets.tableOwner(call, call.word(3));
        if (tables == null || targets.pageOwner(call, call.word(3)) == null) {
            return -XenErrno.ESRCH;
        }
        return tables.paging() instanceof RegisteredPaging paging ? updates.serve(call, paging) : -XenErrno.EOPNOTSUPP;
    }

    private int update(HypercallContext call, long at, RegisteredPaging paging) {
        long ptr = MmuUpdateRequest.ptr(call.argument(), at);
        long val = MmuUpdateRequest.val(call.argument(), at);
        boolean own = paging == call.caller().paging();
        int command = (int) ptr & COMMAND;
        return switch (command) {
            case MmuUpdate.NORMAL_PT_UPDATE, MmuUpdate.PT_UPDATE_PRESERVE_AD, MmuUpdate.PT_UPDATE_NO_TRANSLATE -> {
                boolean keepBits = command == MmuUpdate.PT_UPDATE_PRESERVE_AD;
                yield mayUpdate(call, own)
                        ? paging.update(own ? call.vcpu() : 0, ptr - command, val, keepBits, call)
                        : -XenErrno.EPERM;
            }
            case MmuUpdate.MACHPHYS_UPDATE ->
                own && targets.pageOwner(call, call.word(3)) == call.caller()
                        ? paging.tellFrame(ptr >>> PageTableEntry.PAGE_SHIFT, val)
                        : -XenErrno.EPERM;
            default -> -XenErrno.ENOSYS;
        };
    }

    /** Whether tables may change as the call asks: the caller's own by anybody, with the pages of the same domain. */
    private boolean mayUpdate(HypercallContext call, boolean own) {
        if (call.word(3) == DomId.SELF) {
            return true;
        }
        Domain pages = targets.pageOwner(call, call.word(3));
        return (pages == call.caller() || pages == targets.tableOwner(call, call.word(3)))
                && (own || call.caller().privileged());
    }

    private long updateVa(HypercallContext call, Domain owner) {
        Domain caller = call.caller();
        if (owner != caller) {
            return -XenErrno.EPERM;
        }
        if (!(caller.paging() instanceof RegisteredPaging paging)) {
            return -XenErrno.EOPNOTSUPP;
        }
        paging.count(PagingCounter.VA_UPDATES, 1);
        long linear = call.word(0);
        long flags = call.word(2);
        int result = paging.updateVa(call.vcpu(), linear, call.word(1));
        // Nothing has changed after an error, and the address may be any (row M12).
        return result == 0 ? flush(call, paging, linear, flags) : result;
    }

    private static long flush(HypercallContext call, RegisteredPaging paging, long linear, long flags) {
        int kind = (int) flags & UvmFlags.FLUSHTYPE_MASK;
        if (kind != UvmFlags.TLB_FLUSH && kind != UvmFlags.INVLPG) {
            return 0;
        }
        long whose = flags & ~(long) UvmFlags.FLUSHTYPE_MASK;
        long mask = 1L << call.vcpu();
        if (whose == UvmFlags.ALL) {
            mask = -1;
        } else if (whose != UvmFlags.LOCAL) {
            GuestMemory memory = call.caller().memory();
            if (!memory.isAccessible(whose, Long.BYTES)) {
                return -XenErrno.EFAULT;
            }
            mask = memory.getLong(whose);
        }
        if (kind == UvmFlags.TLB_FLUSH) {
            paging.flush(call.vcpu(), mask);
        } else {
            paging.invalidate(call.vcpu(), mask, linear);
        }
        return 0;
    }
}
