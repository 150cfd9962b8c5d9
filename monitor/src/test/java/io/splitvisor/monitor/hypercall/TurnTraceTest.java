// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.hypercall;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.abi.Hypercall;
import io.splitvisor.abi.SchedOp;
import io.splitvisor.abi.XenErrno;
import io.splitvisor.abi.XenVersion;
import io.splitvisor.abi.evtchn.EventChannelOp;
import io.splitvisor.abi.evtchn.EvtchnSend;
import io.splitvisor.hypercall.HypercallOp;
import io.splitvisor.monitor.Guest;
import io.splitvisor.monitor.Hypervisor;
import io.splitvisor.monitor.trace.TraceSink;
import io.splitvisor.monitor.trace.TracedCall;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class TurnTraceTest {
    /** Writes down what it hears. */
    private record Heard(int domid, List<String> lines) implements TraceSink {
        @Override
        public void turn(int vcpu, long[] calls, int count) {
            for (int i = 0; i < count; i++) {
                int operation = TracedCall.operation(calls[i]);
                String name = operation == TracedCall.UNKNOWN ? "unknown" : HypercallOp.values()[operation].xenName();
                lines.add("d" + domid + "v" + vcpu + " " + name + " " + TracedCall.argument(calls[i]) + " "
                        + TracedCall.error(calls[i])
                        + (TracedCall.times(calls[i]) > 1 ? " x" + TracedCall.times(calls[i]) : ""));
            }
        }

        @Override
        public void event(int port) {
            lines.add("d" + domid + " event " + port);
        }
    }

    @Test
    void shouldTellOfCallsAndEventsWhileSomebodyListens() {
        try (Hypervisor hypervisor = new Hypervisor()) {
            Guest guest = hypervisor.guest();
            Guest peer = hypervisor.guest();
            int port = guest.domain().events().allocUnbound(peer.domid());
            int remote = peer.domain().events().bindInterdomain(guest.domid(), port);
            HypercallRing ring = new HypercallRing(guest.domain(), 0, hypervisor.table());
            EvtchnSend.port(guest.memory(), 0, port);
            EvtchnSend.port(guest.memory(), 8, 4000);
            Heard heard = new Heard(guest.domid(), new ArrayList<>());
            guest.domain().trace(heard);
            peer.domain().trace(new Heard(peer.domid(), heard.lines));
            guest.stage(Hypercall.XEN_VERSION, XenVersion.VERSION);
            guest.stage(Hypercall.EVENT_CHANNEL_OP, EventChannelOp.SEND, 0);
            guest.stage(Hypercall.EVENT_CHANNEL_OP, EventChannelOp.SEND, 8);
            guest.stage(62, 0);
            guest.push();
            ring.serve();
            String caller = "d" + guest.domid() + "v0 ";
            assertThat(heard.lines)
                    .containsExactly(
                            "d" + peer.domid() + " event " + remote,
                            caller + "XENVER_version 0 0",
                            caller + "EVTCHNOP_send " + port + " 0",
                            caller + "EVTCHNOP_send 4000 " + XenErrno.EINVAL,
                            caller + "unknown 62 " + XenErrno.ENOSYS);
            heard.lines.clear();
            for (int i = 0; i < 3; i++) {
                guest.stage(Hypercall.XEN_VERSION, XenVersion.VERSION);
            }
            guest.stage(Hypercall.XEN_VERSION, XenVersion.PAGESIZE);
            guest.push();
            ring.serve();
            assertThat(heard.lines).containsExactly(caller + "XENVER_version 0 0 x3", caller + "XENVER_pagesize 0 0");
            heard.lines.clear();
            guest.domain().trace(null);
            peer.domain().trace(null);
            guest.stage(Hypercall.SCHED_OP, SchedOp.YIELD);
            guest.stage(Hypercall.EVENT_CHANNEL_OP, EventChannelOp.SEND, 0);
            guest.push();
            while (ring.serve() > 0) {
                // a yield ends a turn
            }
            assertThat(heard.lines).isEmpty();
        }
    }
}
