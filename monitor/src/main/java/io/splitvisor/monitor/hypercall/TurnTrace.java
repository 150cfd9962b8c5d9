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

    private final int vcpu;
    private final long[] calls = new long[TracedCall.MOST_A_TURN];
    private TraceSink sink;
    private int count;

    /** The last call, with its repetitions: not among the others yet. */
    private long last;

    static {
        for (HypercallOp op : HypercallOp.values()) {
            HAS_STRUCTURE[op.ordinal()] = op.argument().kind() != HypercallArgument.Kind.NONE;
        }
    }

    TurnTrace(int vcpu) {
        this.vcpu = vcpu;
    }

    void begin(TraceSink to) {
        sink = to;
        count = 0;
    }

    void add(HypercallContext call, long result) {
        int operation = call.operation();
        int argument = operation == HypercallStatistics.UNKNOWN
                ? (int) call.number()
                : HAS_STRUCTURE[operation] ? call.argument().get(ValueLayout.JAVA_INT, 0) : 0;
        long packed = TracedCall.pack(operation, result, argument);
        if (count > 0 && TracedCall.isSame(last, packed)) {
            last = TracedCall.onceMore(last);
        } else {
            next(packed);
        }
    }

    private void next(long packed) {
        if (count == calls.length) {
            end();
            count = 0;
        }
        if (count > 0) {
            calls[count - 1] = last;
        }
        count++;
        last = packed;
    }

    /** The clock is looked at here, when the guest has its results already and makes its next call meanwhile. */
    void end() {
        if (count > 0) {
            calls[count - 1] = last;
            sink.turn(vcpu, System.nanoTime(), calls, count);
        }
    }
}
