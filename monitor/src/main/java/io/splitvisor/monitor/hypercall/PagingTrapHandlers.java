// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.hypercall;

import io.splitvisor.abi.XenErrno;
import io.splitvisor.hypercall.HypercallOp;
import io.splitvisor.monitor.paging.EptPaging;
import io.splitvisor.monitor.paging.Paging;
import io.splitvisor.monitor.paging.ShadowPaging;

/** {@code paging_trap_op(cmd, ...)}: what a vCPU's MMU asks. A trap of another mode is -EOPNOTSUPP. */
final class PagingTrapHandlers {
    /** A trap costs about as much as so many simple calls. */
    private static final int COST = 2;

    /** A trap of a mode. */
    @FunctionalInterface
    private interface Trap<P extends Paging> {
        long serve(P paging, HypercallContext call);
    }

    void bind(HypercallTable table) {
        shadow(
                table,
                HypercallOp.PAGING_FAULT,
                (paging, call) -> paging.fault(call.vcpu(), call.word(1), (int) call.word(2)));
        shadow(
                table,
                HypercallOp.PAGING_WRITE,
                (paging, call) ->
                        paging.write(call.vcpu(), call.word(1), (int) call.word(2), bytes(call), call.word(4)));
        shadow(
                table,
                HypercallOp.PAGING_COMPARE_AND_SET,
                (paging, call) -> paging.compareAndSet(
                        call.vcpu(), call.word(1), (int) call.word(2), bytes(call), call.word(4), call.word(5)));
        shadow(table, HypercallOp.PAGING_INVLPG, (paging, call) -> paging.invalidate(call.vcpu(), call.word(1)));
        shadow(table, HypercallOp.PAGING_LOAD_CR3, (paging, call) -> paging.loadCr3(call.vcpu(), call.word(1)));
        ept(
                table,
                HypercallOp.PAGING_EPT_VIOLATION,
                (paging, call) -> paging.violation(call.word(1), (int) call.word(2)));
        ept(table, HypercallOp.PAGING_EPT_MISCONFIGURATION, (paging, call) -> paging.misconfiguration(call.word(1)));
        table.bind(HypercallOp.PAGING_CONTROL, PagingTrapHandlers::control);
    }

    /** Sizes that do not fit an int are no sizes. */
    private static int bytes(HypercallContext call) {
        long bytes = call.word(3);
        return bytes == (int) bytes ? (int) bytes : 0;
    }

    private static void shadow(HypercallTable table, HypercallOp op, Trap<ShadowPaging> trap) {
        table.bind(op, call -> {
            call.spend(COST);
            return call.caller().paging() instanceof ShadowPaging paging
                    ? trap.serve(paging, call)
                    : -XenErrno.EOPNOTSUPP;
        });
    }

    private static void ept(HypercallTable table, HypercallOp op, Trap<EptPaging> trap) {
        table.bind(op, call -> {
            call.spend(COST);
            return call.caller().paging() instanceof EptPaging paging ? trap.serve(paging, call) : -XenErrno.EOPNOTSUPP;
        });
    }

    private static long control(HypercallContext call) {
        call.spend(COST);
        return switch (call.caller().paging()) {
            case ShadowPaging paging -> paging.control(call.vcpu(), call.word(1), call.word(2), call.word(3));
            case EptPaging paging -> paging.control(call.vcpu(), call.word(1), call.word(2), call.word(3));
            default -> -XenErrno.EOPNOTSUPP;
        };
    }
}
