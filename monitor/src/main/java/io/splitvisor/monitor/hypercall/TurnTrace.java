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

    /** No operation. */
    private static final int NONE = -1;

    private final int vcpu;
    private final long[] calls = new long[TracedCall.MOST_A_TURN];
    private TraceSink sink;
    private int count;

    /** The last call, and how often it was made again: not among the others yet. */
    private long last;

    private int again;

    /** The last call's operation, if it has no structure, and did not fail: the same again is the same call. */
    private int simple;

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
        simple = NONE;
    }

    void add(HypercallContext call, long result) {
        if (call.operation() == simple && result >= 0 && again < TracedCall.MOST_AGAIN) {
            again++;
        } else {
            addOther(call, result);
        }
    }

    private void addOther(HypercallContext call, long result) {
        int operation = call.operation();
        boolean known = operation != HypercallStatistics.UNKNOWN;
        boolean structured = known && HAS_STRUCTURE[operation];
        int argument = structured ? call.argument().get(ValueLayout.JAVA_INT, 0) : known ? 0 : (int) call.number();
        long packed = TracedCall.pack(operation, result, argument);
        if (count > 0 && packed == last && again < TracedCall.MOST_AGAIN) {
            again++;
            return;
        }
        if (count == calls.length) {
            tell();
            count = 0;
        }
        if (count > 0) {
            calls[count - 1] = TracedCall.again(last, again);
        }
        count++;
        last = packed;
        again = 0;
        simple = known && !structured && result >= 0 ? operation : NONE;
    }

    /** After the results are published: the guest makes its next call meanwhile. */
    void end() {
        if (count > 0) {
            tell();
        }
        // A trace that ends is not kept.
        sink = null;
    }

    private void tell() {
        calls[count - 1] = TracedCall.again(last, again);
        sink.turn(vcpu, calls, count);
    }
}
