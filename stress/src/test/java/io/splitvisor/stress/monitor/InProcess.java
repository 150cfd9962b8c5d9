// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.stress.monitor;

import io.splitvisor.attach.DomainLayout;
import io.splitvisor.domu.memory.GuestMemory;
import io.splitvisor.hypercall.HypercallRing;
import io.splitvisor.hypercall.UpcallSleep;
import io.splitvisor.monitor.Domain;
import io.splitvisor.monitor.Monitor;
import io.splitvisor.monitor.MonitorListener;
import io.splitvisor.monitor.evtchn.EventDelivery;
import io.splitvisor.monitor.time.Alarm;
import io.splitvisor.monitor.time.SystemClock;

/** The real monitor and a guest's side of it in one process, for tests that bring their own threads. */
public final class InProcess {
    private InProcess() {}

    /** A monitor whose domains set no timers, do not end by themselves, and whose Dom0 takes no events. */
    public static Monitor monitor() {
        return new Monitor(
                EventDelivery.NONE, new NobodyEnds(), new SystemClock(System::nanoTime), (_, _) -> new NeverSet());
    }

    /** The guest's end of a vCPU's hypercall ring. */
    public static HypercallRing hypercalls(Domain domain, GuestMemory memory, int vcpu, UpcallSleep sleep) {
        int pages = DomainLayout.HYPERCALL_RING_PAGES;
        return new HypercallRing(memory.pages(memory.layout().hypercallRing(vcpu), pages), domain.bellToDom0(), sleep);
    }

    private static final class NeverSet implements Alarm {
        @Override
        public void set(long systemTime) {
            throw new AssertionError("nobody sets a timer");
        }

        @Override
        public void cancel() {}
    }

    private static final class NobodyEnds implements MonitorListener {
        @Override
        public void shutdown(Domain domain, int reason) {
            throw new AssertionError("nobody shuts down");
        }

        @Override
        public void crashed(Domain domain, String why) {
            throw new AssertionError(why);
        }
    }
}
