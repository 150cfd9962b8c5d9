// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.hypercall;

import io.splitvisor.hypercall.HypercallArgument;
import io.splitvisor.hypercall.HypercallOp;
import io.splitvisor.monitor.trace.TraceSink;
import io.splitvisor.monitor.trace.TracedCall;
import java.lang.foreign.ValueLayout;

/** The calls of one turn, collected for a trace. Nothing of this is touched while nobody traces. */
final class TurnTrace {
    /** Operations with a structure. */
    private static final boolean[] HAS_STRUCTURE = new boolean[HypercallOp.values().length];

    private final int domid;
    private final int vcpu;
    private final long[] calls;
    private TraceSink sink;
    private long began;
    private int count;

    static {
        for (HypercallOp op : HypercallOp.values()) {
            HAS_STRUCTURE[op.ordinal()] = op.argument().kind() != HypercallArgument.Kind.NONE;
        }
    }

    /**
     * @param most calls that a turn can finish
     */
    TurnTrace(int domid, int vcpu, int most) {
        this.domid = domid;
        this.vcpu = vcpu;
        this.calls = new long[most];
    }

    void begin(TraceSink to) {
        sink = to;
        began = System.nanoTime();
        count = 0;
    }

    void add(HypercallContext call, long result) {
        int operation = call.operation();
        int argument = operation == HypercallStatistics.UNKNOWN
                ? (int) call.number()
                : HAS_STRUCTURE[operation] ? call.argument().get(ValueLayout.JAVA_INT, 0) : 0;
        long packed = TracedCall.pack(operation, result, argument);
        if (count > 0 && TracedCall.isSame(calls[count - 1], packed)) {
            calls[count - 1] = TracedCall.onceMore(calls[count - 1]);
        } else {
            calls[count++] = packed;
        }
    }

    void end() {
        if (count > 0) {
            sink.turn(domid, vcpu, began, calls, count);
        }
    }
}
