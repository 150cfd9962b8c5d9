// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.trace;

import io.splitvisor.monitor.trace.TraceSink;
import java.util.concurrent.atomic.AtomicLong;

/** A domain that does what a test says, when it says. For one thread, which is its loop. */
public final class TracedDomain {
    private final AtomicLong clock = new AtomicLong();
    private final TraceSink sink;

    /** A domain of a trace. */
    public TracedDomain(TraceSession session, int domid, int vcpus) {
        sink = session.domain(domid, vcpus, loop());
    }

    TraceLoop loop() {
        return new TraceLoop(clock::get, clock::get, () -> true);
    }

    /** A turn that ends then. */
    public void turn(int vcpu, long nanos, long... calls) {
        clock.set(nanos);
        sink.turn(vcpu, calls, calls.length);
    }

    /** An event that is sent then. */
    void event(int port, long nanos) {
        clock.set(nanos);
        sink.event(port);
    }
}
