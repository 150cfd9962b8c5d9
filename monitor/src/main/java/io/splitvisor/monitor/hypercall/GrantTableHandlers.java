// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.hypercall;

import io.splitvisor.abi.XenErrno;
import io.splitvisor.abi.grant.GnttabCacheFlush;
import io.splitvisor.abi.grant.GnttabGetStatusFrames;
import io.splitvisor.abi.grant.GnttabGetVersion;
import io.splitvisor.abi.grant.GnttabQuerySize;
import io.splitvisor.abi.grant.GnttabSetVersion;
import io.splitvisor.abi.grant.GnttabSetupTable;
import io.splitvisor.abi.grant.GnttabSwapGrantRef;
import io.splitvisor.abi.grant.GrantCacheOp;
import io.splitvisor.abi.grant.GrantStatus;
import io.splitvisor.attach.DomainLayout;
import io.splitvisor.hypercall.HypercallOp;
import io.splitvisor.monitor.Domain;
import io.splitvisor.monitor.Monitor;
import io.splitvisor.monitor.grant.GrantTable;
import io.splitvisor.monitor.memory.GuestMemory;
import java.lang.foreign.MemorySegment;

/**
 * {@code grant_table_op(cmd, uop, count)}: what concerns a table itself. Most structures carry a status of their own; the
 * call's result is 0, or an error that concerns the call.
 */
final class GrantTableHandlers {
    private static final int CACHE_OPS = GrantCacheOp.CLEAN | GrantCacheOp.INVAL;

    private final Monitor monitor;

    GrantTableHandlers(Monitor monitor) {
        this.monitor = monitor;
    }

    void bind(HypercallTable table) {
        table.bind(HypercallOp.GNTTABOP_SETUP_TABLE, single(this::setupTable));
        table.bind(HypercallOp.GNTTABOP_QUERY_SIZE, single(this::querySize));
        table.bind(HypercallOp.GNTTABOP_GET_STATUS_FRAMES, single(this::getStatusFrames));
        table.bind(HypercallOp.GNTTABOP_SET_VERSION, GrantTableHandlers::setVersion);
        table.bind(HypercallOp.GNTTABOP_GET_VERSION, this::getVersion);
        table.bind(HypercallOp.GNTTABOP_SWAP_GRANT_REF, GrantTableHandlers::swapGrantRef);
        table.bind(HypercallOp.GNTTABOP_CACHE_FLUSH, GrantTableHandlers::cacheFlush);
        // A page stays in the memory that it is part of: what Xen answers where transfers are switched off.
        table.bind(HypercallOp.GNTTABOP_TRANSFER, _ -> -XenErrno.EOPNOTSUPP);
        new GrantMappingHandlers(monitor).bind(table);
    }

    /** For a call that takes an array, but none of more or less than one element. */
    private static HypercallHandler single(HypercallHandler handler) {
        return call -> (int) call.word(2) == 1 ? handler.serve(call) : -XenErrno.EINVAL;
    }

    /** The table that a caller may ask about, or change: its own, a privileged one any; null for a refusal. */
    private GrantTable table(HypercallContext call, int domid) {
        if (call.isSelf(domid)) {
            return call.caller().grants();
        }
        Domain domain = call.caller().privileged() ? monitor.find(domid) : null;
        return domain == null ? null : domain.grants();
    }

    /** Why there is no {@link #table}. */
    private int refusal(int domid) {
        return exists(monitor, domid) ? GrantStatus.PERMISSION_DENIED : GrantStatus.BAD_DOMAIN;
    }

    /** Dom0 is always there, though it grants nothing. */
    static boolean exists(Monitor monitor, int domid) {
        return domid == 0 || monitor.find(domid) != null;
    }

    private long setupTable(HypercallContext call) {
        MemorySegment argument = call.argument();
        int frames = GnttabSetupTable.nrFrames(argument, 0);
        long list = GnttabSetupTable.frameList(argument, 0);
        if (!isList(call, list, frames)) {
            return -XenErrno.EFAULT;
        }
        int dom = GnttabSetupTable.dom(argument, 0);
        GrantTable table = table(call, dom);
        int status;
        if (table == null) {
            status = refusal(dom);
        } else if (table.grow(frames)) {
            status = writeList(
                    call, list, frames, table.memory(), table.memory().layout().grantTable());
        } else {
            status = GrantStatus.GENERAL_ERROR;
        }
        GnttabSetupTable.status(argument, 0, status);
        return 0;
    }

    private long getStatusFrames(HypercallContext call) {
        MemorySegment argument = call.argument();
        int frames = GnttabGetStatusFrames.nrFrames(argument, 0);
        long list = GnttabGetStatusFrames.frameList(argument, 0);
        if (!isList(call, list, frames)) {
            return -XenErrno.EFAULT;
        }
        int dom = GnttabGetStatusFrames.dom(argument, 0);
        GrantTable table = table(call, dom);
        int status;
        if (table == null) {
            status = refusal(dom);
        } else if (Integer.compareUnsigned(frames, table.statusFrames()) <= 0) {
            status = writeList(
                    call, list, frames, table.memory(), table.memory().layout().grantStatus());
        } else {
            status = GrantStatus.GENERAL_ERROR;
        }
        GnttabGetStatusFrames.status(argument, 0, status);
        return 0;
    }

    /** Whether a list of frame numbers lies in the caller's memory altogether (row G17). */
    private static boolean isList(HypercallContext call, long list, int frames) {
        return call.caller().memory().isAccessible(list, Integer.toUnsignedLong(frames) * Long.BYTES);
    }

    /** Writes the frames at which a guest has special pages now. */
    private static int writeList(HypercallContext call, long list, int frames, GuestMemory owner, int first) {
        GuestMemory memory = call.caller().memory();
        for (int i = 0; i < frames; i++) {
            if (!memory.putLong(list + (long) i * Long.BYTES, owner.frameOf(first + i))) {
                return GrantStatus.BAD_VIRT_ADDR;
            }
        }
        return GrantStatus.OKAY;
    }

    private long querySize(HypercallContext call) {
        MemorySegment argument = call.argument();
        int dom = GnttabQuerySize.dom(argument, 0);
        GrantTable table = table(call, dom);
        if (table != null) {
            GnttabQuerySize.nrFrames(argument, 0, table.frames());
            GnttabQuerySize.maxNrFrames(argument, 0, table.maxFrames());
        }
        GnttabQuerySize.status(argument, 0, table == null ? refusal(dom) : GrantStatus.OKAY);
        return 0;
    }

    private static long setVersion(HypercallContext call) {
        GrantTable table = call.caller().grants();
        long result = table.setVersion(GnttabSetVersion.version(call.argument(), 0));
        GnttabSetVersion.version(call.argument(), 0, table.version());
        // The version in force is told after a failure, too.
        boolean told = call.caller().memory().copyTo(call.word(1), call.argument(), GnttabSetVersion.SIZE);
        return told ? result : -XenErrno.EFAULT;
    }

    private long getVersion(HypercallContext call) {
        int dom = GnttabGetVersion.dom(call.argument(), 0);
        GrantTable table = table(call, dom);
        if (table == null) {
            return exists(monitor, dom) ? -XenErrno.EPERM : -XenErrno.ESRCH;
        }
        GnttabGetVersion.version(call.argument(), 0, table.version());
        return 0;
    }

    private static long swapGrantRef(HypercallContext call) {
        MemorySegment argument = call.argument();
        int a = GnttabSwapGrantRef.refA(argument, 0);
        int b = GnttabSwapGrantRef.refB(argument, 0);
        GnttabSwapGrantRef.status(argument, 0, call.caller().grants().swap(a, b));
        return 0;
    }

    /** Memory is coherent here, so that there is nothing to clean; forgetting what was written cannot be. */
    private static long cacheFlush(HypercallContext call) {
        MemorySegment argument = call.argument();
        int offset = GnttabCacheFlush.offset(argument, 0);
        int length = GnttabCacheFlush.length(argument, 0);
        int op = GnttabCacheFlush.op(argument, 0);
        if (offset >= DomainLayout.PAGE_SIZE || offset + length > DomainLayout.PAGE_SIZE || (op & ~CACHE_OPS) != 0) {
            return -XenErrno.EINVAL;
        }
        if (length == 0 || op == 0) {
            return 0;
        }
        long address = GnttabCacheFlush.aDevBusAddr(argument, 0);
        if (address < 0
                || address >= DomainLayout.bytes(call.caller().memory().layout().vcpuControl(0))) {
            return -XenErrno.EINVAL;
        }
        return op == GrantCacheOp.INVAL ? -XenErrno.EOPNOTSUPP : 0;
    }
}
