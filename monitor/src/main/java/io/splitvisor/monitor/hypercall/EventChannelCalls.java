// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.hypercall;

import io.splitvisor.abi.DomId;
import io.splitvisor.abi.XenErrno;
import io.splitvisor.abi.evtchn.EventChannelOp;
import io.splitvisor.abi.evtchn.EvtchnAllocUnbound;
import io.splitvisor.abi.evtchn.EvtchnBindInterdomain;
import io.splitvisor.abi.evtchn.EvtchnClose;
import io.splitvisor.abi.evtchn.EvtchnSend;
import io.splitvisor.abi.evtchn.EvtchnStatus;
import io.splitvisor.abi.evtchn.EvtchnUnmask;
import io.splitvisor.monitor.Domain;
import io.splitvisor.monitor.Monitor;
import io.splitvisor.monitor.evtchn.EventChannels;
import io.splitvisor.monitor.evtchn.PortState;
import java.lang.foreign.MemorySegment;

/** {@code event_channel_op(cmd, arg)}: the two-level ABI's operations between domains. */
final class EventChannelCalls implements HypercallTable.Operation {
    private final Monitor monitor;

    EventChannelCalls(Monitor monitor) {
        this.monitor = monitor;
    }

    @Override
    public long call(Domain caller, long[] arguments) {
        long command = arguments[0];
        long at = arguments[1];
        int size = argumentSize(command);
        if (size < 0) {
            return -XenErrno.ENOSYS;
        }
        if (!caller.memory().isAccessible(at, size)) {
            return -XenErrno.EFAULT;
        }
        MemorySegment memory = caller.memory().segment();
        EventChannels events = caller.events();
        return switch ((int) command) {
            case EventChannelOp.ALLOC_UNBOUND -> allocUnbound(caller, memory, at);
            case EventChannelOp.BIND_INTERDOMAIN -> bindInterdomain(caller, memory, at);
            case EventChannelOp.CLOSE -> events.close(EvtchnClose.port(memory, at));
            case EventChannelOp.SEND -> events.send(EvtchnSend.port(memory, at));
            case EventChannelOp.UNMASK -> events.unmask(EvtchnUnmask.port(memory, at));
            case EventChannelOp.STATUS -> status(caller, memory, at);
            default -> -XenErrno.ENOSYS;
        };
    }

    private static int argumentSize(long command) {
        if (command < 0 || command > EventChannelOp.SET_PRIORITY) {
            return -1;
        }
        return switch ((int) command) {
            case EventChannelOp.ALLOC_UNBOUND -> EvtchnAllocUnbound.SIZE;
            case EventChannelOp.BIND_INTERDOMAIN -> EvtchnBindInterdomain.SIZE;
            case EventChannelOp.CLOSE -> EvtchnClose.SIZE;
            case EventChannelOp.SEND -> EvtchnSend.SIZE;
            case EventChannelOp.UNMASK -> EvtchnUnmask.SIZE;
            case EventChannelOp.STATUS -> EvtchnStatus.SIZE;
            default -> -1;
        };
    }

    private static int self(Domain caller, int domid) {
        return domid == DomId.SELF ? caller.domid() : domid;
    }

    /** Why a domain may not speak for another one. */
    private long refusal(int domid) {
        return domid != 0 && monitor.find(domid) == null ? -XenErrno.ESRCH : -XenErrno.EPERM;
    }

    /** The port is the caller's own: only a privileged domain could make one for another. */
    private long allocUnbound(Domain caller, MemorySegment memory, long at) {
        int domid = self(caller, EvtchnAllocUnbound.dom(memory, at));
        if (domid != caller.domid()) {
            return refusal(domid);
        }
        int port = caller.events().allocUnbound(self(caller, EvtchnAllocUnbound.remoteDom(memory, at)));
        if (port < 0) {
            return port;
        }
        EvtchnAllocUnbound.port(memory, at, port);
        return 0;
    }

    private static long bindInterdomain(Domain caller, MemorySegment memory, long at) {
        int remote = self(caller, EvtchnBindInterdomain.remoteDom(memory, at));
        int port = caller.events().bindInterdomain(remote, EvtchnBindInterdomain.remotePort(memory, at));
        if (port < 0) {
            return port;
        }
        EvtchnBindInterdomain.localPort(memory, at, port);
        return 0;
    }

    private long status(Domain caller, MemorySegment memory, long at) {
        int domid = self(caller, EvtchnStatus.dom(memory, at));
        if (domid != caller.domid()) {
            return refusal(domid);
        }
        EventChannels events = caller.events();
        int port = EvtchnStatus.port(memory, at);
        if (!events.isPort(port)) {
            return -XenErrno.EINVAL;
        }
        PortState state = events.state(port);
        EvtchnStatus.status(memory, at, state.status());
        EvtchnStatus.vcpu(memory, at, 0);
        switch (state) {
            case PortState.Unbound(int remoteDomid) -> EvtchnStatus.unboundDom(memory, at, remoteDomid);
            case PortState.Interdomain(EventChannels remote, int remotePort) -> {
                EvtchnStatus.interdomainDom(memory, at, remote.domid());
                EvtchnStatus.interdomainPort(memory, at, remotePort);
            }
            case PortState.Closed _ -> {}
        }
        return 0;
    }
}
