// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.stress.monitor;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.splitvisor.abi.XenErrno;
import io.splitvisor.monitor.evtchn.EventChannels;
import io.splitvisor.monitor.evtchn.EventDelivery;
import io.splitvisor.monitor.evtchn.Port;
import io.splitvisor.monitor.evtchn.PortState.Unbound;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;
import org.openjdk.jcstress.infra.results.II_Result;

/** Ports that are looked up without a lock while they come into being (row E10, XSA-340). */
public final class PortsStress {
    private static final int REMOTE = 7;

    /** The first port of the second bucket. */
    private static final int NEXT = 64;

    private static final int MISSING = -1;

    private PortsStress() {}

    /** A domain whose ports are all in use, so that the next one needs a bucket of its own. */
    abstract static class FullBucket {
        final EventChannels events = new EventChannels(1, EventDelivery.NONE, 1, 128, new Object(), _ -> null);

        FullBucket() {
            for (int port = 1; port < NEXT; port++) {
                events.allocUnbound(REMOTE);
            }
        }
    }

    /** Somebody sends on a port that is just being made. */
    @JCStressTest
    @Outcome(id = NEXT + ", -1, " + -XenErrno.EINVAL, expect = ACCEPTABLE, desc = "it did not exist")
    @Outcome(id = NEXT + ", -1, 0", expect = ACCEPTABLE, desc = "it came in between")
    @Outcome(id = NEXT + ", 64, " + -XenErrno.EINVAL, expect = ACCEPTABLE, desc = "it was made, not open yet")
    @Outcome(id = NEXT + ", 64, 0", expect = ACCEPTABLE, desc = "it was open")
    @Outcome(expect = FORBIDDEN, desc = "half a port")
    @State
    public static class Made extends FullBucket {
        @Actor
        public void opener(III_Result r) {
            r.r1 = events.allocUnbound(REMOTE);
        }

        @Actor
        public void sender(III_Result r) {
            Port port = events.port(NEXT);
            r.r2 = port == null ? MISSING : port.number();
            r.r3 = events.send(NEXT);
        }
    }

    /** Whoever sees a port open sees to whom it is offered. */
    @JCStressTest
    @Outcome(id = "-1, -1", expect = ACCEPTABLE, desc = "it did not exist")
    @Outcome(id = "0, -1", expect = ACCEPTABLE, desc = "it was closed")
    @Outcome(id = "0, " + REMOTE, expect = ACCEPTABLE, desc = "it was open, for vCPU 0")
    @Outcome(expect = FORBIDDEN, desc = "half a port")
    @State
    public static class Opened extends FullBucket {
        @Actor
        public void opener() {
            events.allocUnbound(REMOTE);
        }

        @Actor
        public void reader(II_Result r) {
            Port port = events.port(NEXT);
            r.r1 = port == null ? MISSING : port.vcpu();
            r.r2 = port != null && port.state() instanceof Unbound(int remote) ? remote : MISSING;
        }
    }
}
