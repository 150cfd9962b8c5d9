// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.hypercall;

import io.splitvisor.abi.DomId;
import io.splitvisor.abi.ShadowOp;
import io.splitvisor.abi.XenDomctl;
import io.splitvisor.abi.XenDomctlShadowOp;
import io.splitvisor.abi.XenDomctlShadowOpStats;
import io.splitvisor.abi.XenErrno;
import io.splitvisor.hypercall.HypercallOp;
import io.splitvisor.monitor.Domain;
import io.splitvisor.monitor.memory.GuestMemory;
import io.splitvisor.monitor.paging.LoggedPaging;
import io.splitvisor.monitor.paging.Paging;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/** {@code XEN_DOMCTL_shadow_op}: how much memory a domain's page tables may take, and the log of frames that it changes. */
final class ShadowOpHandlers {
    private static final long U = XenDomctl.u(0);
    private static final int PAGES_PER_MIB = 256;
    private static final int MAX_MIB = Integer.MAX_VALUE / PAGES_PER_MIB;

    private final DomainTargets targets;

    ShadowOpHandlers(DomainTargets targets) {
        this.targets = targets;
    }

    void bind(HypercallTable table) {
        table.bind(HypercallOp.DOMCTL_SHADOW_OP, this::serve);
    }

    private long serve(HypercallContext call) {
        int domid = XenDomctl.domain(call.argument(), 0);
        Domain domain = domid == DomId.SELF ? null : targets.find(call, domid);
        if (domain == null) {
            return -XenErrno.ESRCH;
        }
        if (domain == call.caller()) {
            return -XenErrno.EINVAL;
        }
        int op = XenDomctlShadowOp.op(call.argument(), U);
        return switch (op) {
            case ShadowOp.GET_ALLOCATION, ShadowOp.SET_ALLOCATION -> allocation(call, domain.paging(), op);
            case ShadowOp.OFF, ShadowOp.ENABLE_LOGDIRTY, ShadowOp.CLEAN, ShadowOp.PEEK ->
                domain.paging() instanceof LoggedPaging paging ? log(call, paging, op) : -XenErrno.EOPNOTSUPP;
            default -> -XenErrno.EINVAL;
        };
    }

    private static long allocation(HypercallContext call, Paging paging, int op) {
        if (op == ShadowOp.GET_ALLOCATION) {
            int mib = (paging.poolLimit() + PAGES_PER_MIB - 1) / PAGES_PER_MIB;
            XenDomctlShadowOp.mb(call.argument(), U, mib);
            return 0;
        }
        int mib = XenDomctlShadowOp.mb(call.argument(), U);
        if (mib == 0) {
            return -XenErrno.EINVAL;
        }
        return Integer.compareUnsigned(mib, MAX_MIB) > 0 ? -XenErrno.ENOMEM : paging.poolLimit(mib * PAGES_PER_MIB);
    }

    private static long log(HypercallContext call, LoggedPaging paging, int op) {
        return switch (op) {
            case ShadowOp.ENABLE_LOGDIRTY -> paging.startLog();
            case ShadowOp.OFF -> {
                // Nothing is wrong with switching off what is off.
                paging.stopLog();
                yield 0;
            }
            default -> read(call, paging, op == ShadowOp.CLEAN);
        };
    }

    /** The place for the log is looked at first: what could not be told is not forgotten. */
    private static long read(HypercallContext call, LoggedPaging paging, boolean take) {
        MemorySegment argument = call.argument();
        GuestMemory memory = call.caller().memory();
        long bitmap = XenDomctlShadowOp.dirtyBitmap(argument, U);
        long room = bitmap == 0 ? 0 : XenDomctlShadowOp.pages(argument, U);
        long bytes = (room >>> 3) + ((room & 7) == 0 ? 0 : 1);
        if (room < 0 || !memory.isAccessible(bitmap, bytes)) {
            return -XenErrno.EFAULT;
        }
        long[] log = paging.readLog(take);
        if (log == null) {
            return -XenErrno.EINVAL;
        }
        long held = Math.min(room, paging.frames());
        MemorySegment words = MemorySegment.ofArray(Arrays.copyOf(log, (int) (held + Long.SIZE - 1) / Long.SIZE));
        if (!memory.copyTo(bitmap, words, (held + 7) / 8)) {
            return -XenErrno.EFAULT;
        }
        XenDomctlShadowOp.pages(argument, U, held);
        int dirty = Arrays.stream(log).mapToInt(Long::bitCount).sum();
        XenDomctlShadowOpStats.dirtyCount(argument, XenDomctlShadowOp.stats(U), dirty);
        return 0;
    }
}
