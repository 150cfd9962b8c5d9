// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.hypercall;

import io.splitvisor.hypercall.HypercallOp;
import io.splitvisor.monitor.Monitor;
import io.splitvisor.monitor.time.SystemClock;
import io.splitvisor.monitor.time.VcpuTimers;

/** {@code set_timer_op(timeout)}: the calling vCPU's single-shot timer. */
final class TimerHandlers {
    /** As far ahead as Xen believes a guest: about 13 days. */
    private static final long FARTHEST_NANOS = 1L << 50;

    /** What a guest gets that asks for more. */
    private static final long INSTEAD_NANOS = 100_000_000;

    private static final long NEVER = 0;

    private final SystemClock clock;

    TimerHandlers(Monitor monitor) {
        this.clock = monitor.clock();
    }

    void bind(HypercallTable table) {
        table.bind(HypercallOp.SET_TIMER, this::setTimer);
    }

    /**
     * 0 stops the timer. A time that is negative or absurdly far means either that something is due now or that nothing
     * ever will be, depending on the guest: like Xen, answer it with an event after a while.
     */
    private long setTimer(HypercallContext call) {
        VcpuTimers timers = call.caller().scheduling(call.vcpu()).timers();
        long timeout = call.word(0);
        if (timeout == NEVER) {
            timers.stopSingleshot();
            return 0;
        }
        long now = clock.now();
        boolean absurd = timeout < 0 || timeout - now >= FARTHEST_NANOS;
        timers.setSingleshot(absurd ? now + INSTEAD_NANOS : timeout);
        return 0;
    }
}
