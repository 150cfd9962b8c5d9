// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.hypercall;

import io.splitvisor.abi.MulticallEntry;
import io.splitvisor.abi.XenErrno;
import io.splitvisor.hypercall.HypercallOp;
import io.splitvisor.monitor.memory.GuestMemory;
import java.lang.foreign.MemorySegment;

/**
 * {@code multicall(call_list, nr_calls)}: calls whose entries lie in guest memory. Each is copied in, made, and its result
 * written, before the next is looked at; a result is all that changes in an entry.
 */
final class MulticallHandlers {
    private final HypercallTable table;

    MulticallHandlers(HypercallTable table) {
        this.table = table;
    }

    void bind() {
        table.bind(HypercallOp.MULTICALL, this::serve);
    }

    /** Progress is twice the entries done, plus one if the call of the next is under way. */
    private long serve(HypercallContext call) {
        if (call.isInner()) {
            return -XenErrno.EINVAL;
        }
        long list = call.word(0);
        long count = call.word(1) & 0xffff_ffffL;
        long done = call.progress() >>> 1;
        boolean underWay = (call.progress() & 1) != 0;
        while (done < count) {
            // The address may wrap: then it is nobody's.
            long at = list + done * MulticallEntry.SIZE;
            HypercallContext inner = call.inner();
            if (underWay) {
                inner.resume();
            } else if (!begin(call, inner, at)) {
                return -XenErrno.EFAULT;
            }
            inner.budget(call.budget());
            long result = table.serve(inner);
            call.budget(inner.budget());
            underWay = result == HypercallContext.PREEMPTED;
            if (!underWay) {
                if (!call.caller().memory().putLong(at + MulticallEntry.RESULT, result)) {
                    return -XenErrno.EFAULT;
                }
                done++;
            }
            // Whoever has ended makes no more calls (row H4).
            if (call.caller().ended()) {
                return 0;
            }
            if (underWay || (done < count && call.preempt())) {
                call.progress(done << 1 | (underWay ? 1 : 0));
                return HypercallContext.PREEMPTED;
            }
        }
        return 0;
    }

    private static boolean begin(HypercallContext call, HypercallContext inner, long at) {
        GuestMemory memory = call.caller().memory();
        MemorySegment entry = call.argument();
        if (at < 0 || !memory.copyFrom(at, entry, MulticallEntry.SIZE)) {
            return false;
        }
        inner.begin(MulticallEntry.op(entry, 0));
        for (int i = 0; i < MulticallEntry.NR_ARGS; i++) {
            inner.word(i, MulticallEntry.args(entry, 0, i));
        }
        return true;
    }
}
