// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.hypercall;

import io.splitvisor.abi.XenErrno;
import io.splitvisor.abi.evtchn.EvtchnAllocUnbound;
import io.splitvisor.abi.evtchn.EvtchnBindInterdomain;
import io.splitvisor.abi.evtchn.EvtchnClose;
import io.splitvisor.abi.evtchn.EvtchnSend;
import io.splitvisor.abi.evtchn.EvtchnStatus;
import io.splitvisor.abi.evtchn.EvtchnUnmask;
import io.splitvisor.hypercall.HypercallOp;
import io.splitvisor.monitor.Domain;
import io.splitvisor.monitor.Monitor;
import io.splitvisor.monitor.evtchn.EventChannels;
import io.splitvisor.monitor.evtchn.PortState;
import java.lang.foreign.MemorySegment;

/** {@code event_channel_op(cmd, arg)}: the two-level ABI's operations between domains. */
final class EventChannelHandlers {
    private final Monitor monitor;

    EventChannelHandlers(Monitor monitor) {
        this.monitor = monitor;
    }

    void bind(HypercallTable table) {
        table.bind(HypercallOp.EVTCHNOP_ALLOC_UNBOUND, this::allocUnbound);
        table.bind(HypercallOp.EVTCHNOP_BIND_INTERDOMAIN, EventChannelHandlers::bindInterdomain);
        table.bind(
                HypercallOp.EVTCHNOP_CLOSE, call -> call.caller().events().close(EvtchnClose.port(call.argument(), 0)));
        table.bind(HypercallOp.EVTCHNOP_SEND, call -> call.caller().events().send(EvtchnSend.port(call.argument(), 0)));
        table.bind(
                HypercallOp.EVTCHNOP_UNMASK,
                call -> call.caller().events().unmask(EvtchnUnmask.port(call.argument(), 0)));
        table.bind(HypercallOp.EVTCHNOP_STATUS, this::status);
    }

    private static int self(Domain caller, HypercallContext call, int domid) {
        return call.isSelf(domid) ? caller.domid() : domid;
    }

    /** Why a domain may not speak for another one. */
    private long refusal(int domid) {
        return domid != 0 && monitor.find(domid) == null ? -XenErrno.ESRCH : -XenErrno.EPERM;
    }

    /** The port is the caller's own: only a privileged domain could make one for another. */
    private long allocUnbound(HypercallContext call) {
        MemorySegment argument = call.argument();
        Domain caller = call.caller();
        int domid = EvtchnAllocUnbound.dom(argument, 0);
        if (!call.isSelf(domid)) {
            return refusal(domid);
        }
        int port = caller.events().allocUnbound(self(caller, call, EvtchnAllocUnbound.remoteDom(argument, 0)));
        if (port < 0) {
            return port;
        }
        EvtchnAllocUnbound.port(argument, 0, port);
        return 0;
    }

    private static long bindInterdomain(HypercallContext call) {
        MemorySegment argument = call.argument();
        Domain caller = call.caller();
        int remote = self(caller, call, EvtchnBindInterdomain.remoteDom(argument, 0));
        int port = caller.events().bindInterdomain(remote, EvtchnBindInterdomain.remotePort(argument, 0));
        if (port < 0) {
            return port;
        }
        EvtchnBindInterdomain.localPort(argument, 0, port);
        return 0;
    }

    private long status(HypercallContext call) {
        MemorySegment argument = call.argument();
        int domid = EvtchnStatus.dom(argument, 0);
        if (!call.isSelf(domid)) {
            return refusal(domid);
        }
        EventChannels events = call.caller().events();
        int port = EvtchnStatus.port(argument, 0);
        if (!events.isPort(port)) {
            return -XenErrno.EINVAL;
        }
        PortState state = events.state(port);
        EvtchnStatus.status(argument, 0, state.status());
        EvtchnStatus.vcpu(argument, 0, 0);
        switch (state) {
            case PortState.Unbound(int remoteDomid) -> EvtchnStatus.unboundDom(argument, 0, remoteDomid);
            case PortState.Interdomain(EventChannels remote, int remotePort) -> {
                EvtchnStatus.interdomainDom(argument, 0, remote.domid());
                EvtchnStatus.interdomainPort(argument, 0, remotePort);
            }
            case PortState.Closed _ -> {}
        }
        return 0;
    }
}
