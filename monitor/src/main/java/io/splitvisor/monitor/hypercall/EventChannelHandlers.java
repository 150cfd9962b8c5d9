// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.hypercall;

import io.splitvisor.abi.XenErrno;
import io.splitvisor.abi.evtchn.EvtchnAllocUnbound;
import io.splitvisor.abi.evtchn.EvtchnBindInterdomain;
import io.splitvisor.abi.evtchn.EvtchnBindIpi;
import io.splitvisor.abi.evtchn.EvtchnBindPirq;
import io.splitvisor.abi.evtchn.EvtchnBindVcpu;
import io.splitvisor.abi.evtchn.EvtchnBindVirq;
import io.splitvisor.abi.evtchn.EvtchnClose;
import io.splitvisor.abi.evtchn.EvtchnExpandArray;
import io.splitvisor.abi.evtchn.EvtchnInitControl;
import io.splitvisor.abi.evtchn.EvtchnReset;
import io.splitvisor.abi.evtchn.EvtchnSend;
import io.splitvisor.abi.evtchn.EvtchnSetPriority;
import io.splitvisor.abi.evtchn.EvtchnStatus;
import io.splitvisor.abi.evtchn.EvtchnUnmask;
import io.splitvisor.hypercall.HypercallOp;
import io.splitvisor.monitor.Monitor;
import io.splitvisor.monitor.evtchn.EventChannels;
import io.splitvisor.monitor.evtchn.Port;
import io.splitvisor.monitor.evtchn.PortState;
import java.lang.foreign.MemorySegment;

/** {@code event_channel_op(cmd, arg)}: both ABIs, in the order of Xen's checks where a guest can tell. */
final class EventChannelHandlers {
    /** Ports that a reset closes before it looks whether others wait. */
    private static final int RESET_SLICE = 64;

    /** What a send costs beyond a simple call: it may wake somebody, and a slice full of them must not take long. */
    private static final int SEND_UNITS = 3;

    private final Monitor monitor;

    EventChannelHandlers(Monitor monitor) {
        this.monitor = monitor;
    }

    void bind(HypercallTable table) {
        table.bind(HypercallOp.EVTCHNOP_ALLOC_UNBOUND, this::allocUnbound);
        table.bind(HypercallOp.EVTCHNOP_BIND_INTERDOMAIN, EventChannelHandlers::bindInterdomain);
        table.bind(HypercallOp.EVTCHNOP_BIND_VIRQ, EventChannelHandlers::bindVirq);
        table.bind(
                HypercallOp.EVTCHNOP_BIND_PIRQ, call -> events(call).bindPirq(EvtchnBindPirq.pirq(call.argument(), 0)));
        table.bind(HypercallOp.EVTCHNOP_BIND_IPI, EventChannelHandlers::bindIpi);
        table.bind(HypercallOp.EVTCHNOP_BIND_VCPU, EventChannelHandlers::bindVcpu);
        table.bind(HypercallOp.EVTCHNOP_CLOSE, call -> events(call).close(EvtchnClose.port(call.argument(), 0)));
        table.bind(HypercallOp.EVTCHNOP_SEND, call -> {
            call.spend(SEND_UNITS);
            return events(call).send(EvtchnSend.port(call.argument(), 0));
        });
        table.bind(HypercallOp.EVTCHNOP_UNMASK, call -> events(call).unmask(EvtchnUnmask.port(call.argument(), 0)));
        table.bind(HypercallOp.EVTCHNOP_STATUS, this::status);
        table.bind(HypercallOp.EVTCHNOP_RESET, this::reset);
        table.bind(HypercallOp.EVTCHNOP_INIT_CONTROL, EventChannelHandlers::initControl);
        table.bind(HypercallOp.EVTCHNOP_EXPAND_ARRAY, call -> events(call)
                .expandArray(EvtchnExpandArray.arrayGfn(call.argument(), 0)));
        table.bind(HypercallOp.EVTCHNOP_SET_PRIORITY, EventChannelHandlers::setPriority);
    }

    private static EventChannels events(HypercallContext call) {
        return call.caller().events();
    }

    private static int domid(HypercallContext call, int domid) {
        return call.isSelf(domid) ? call.caller().domid() : domid;
    }

    /** The channels of a domain that a call names; null if there is no such domain. */
    private EventChannels target(HypercallContext call, int domid) {
        return call.isSelf(domid) ? events(call) : monitor.eventsOf(domid);
    }

    /** Only a privileged domain may speak for another one. */
    private static boolean mayNotSpeakFor(HypercallContext call, EventChannels target) {
        return target != events(call) && !call.caller().privileged();
    }

    private long allocUnbound(HypercallContext call) {
        MemorySegment argument = call.argument();
        EventChannels target = target(call, EvtchnAllocUnbound.dom(argument, 0));
        if (target == null) {
            return -XenErrno.ESRCH;
        }
        if (mayNotSpeakFor(call, target)) {
            return -XenErrno.EPERM;
        }
        int port = target.allocUnbound(domid(call, EvtchnAllocUnbound.remoteDom(argument, 0)));
        if (port < 0) {
            return port;
        }
        EvtchnAllocUnbound.port(argument, 0, port);
        return 0;
    }

    private static long bindInterdomain(HypercallContext call) {
        MemorySegment argument = call.argument();
        int remote = domid(call, EvtchnBindInterdomain.remoteDom(argument, 0));
        int port = events(call).bindInterdomain(remote, EvtchnBindInterdomain.remotePort(argument, 0));
        if (port < 0) {
            return port;
        }
        EvtchnBindInterdomain.localPort(argument, 0, port);
        return 0;
    }

    private static long bindVirq(HypercallContext call) {
        MemorySegment argument = call.argument();
        int port = events(call).bindVirq(EvtchnBindVirq.virq(argument, 0), EvtchnBindVirq.vcpu(argument, 0));
        if (port < 0) {
            return port;
        }
        EvtchnBindVirq.port(argument, 0, port);
        return 0;
    }

    private static long bindIpi(HypercallContext call) {
        MemorySegment argument = call.argument();
        int port = events(call).bindIpi(EvtchnBindIpi.vcpu(argument, 0));
        if (port < 0) {
            return port;
        }
        EvtchnBindIpi.port(argument, 0, port);
        return 0;
    }

    private static long bindVcpu(HypercallContext call) {
        MemorySegment argument = call.argument();
        return events(call).bindVcpu(EvtchnBindVcpu.port(argument, 0), EvtchnBindVcpu.vcpu(argument, 0));
    }

    private long status(HypercallContext call) {
        MemorySegment argument = call.argument();
        EventChannels target = target(call, EvtchnStatus.dom(argument, 0));
        if (target == null) {
            return -XenErrno.ESRCH;
        }
        Port port = target.port(EvtchnStatus.port(argument, 0));
        if (port == null) {
            return -XenErrno.EINVAL;
        }
        if (mayNotSpeakFor(call, target)) {
            return -XenErrno.EPERM;
        }
        PortState state = port.state();
        EvtchnStatus.status(argument, 0, state.status());
        EvtchnStatus.vcpu(argument, 0, port.vcpu());
        switch (state) {
            case PortState.Unbound(int remoteDomid) -> EvtchnStatus.unboundDom(argument, 0, remoteDomid);
            case PortState.Interdomain(EventChannels remote, int remotePort) -> {
                EvtchnStatus.interdomainDom(argument, 0, remote.domid());
                EvtchnStatus.interdomainPort(argument, 0, remotePort);
            }
            case PortState.VirtualIrq(int virq) -> EvtchnStatus.virq(argument, 0, virq);
            case PortState.Ipi _, PortState.Closed _ -> {}
        }
        return 0;
    }

    private long reset(HypercallContext call) {
        EventChannels target = target(call, EvtchnReset.dom(call.argument(), 0));
        if (target == null) {
            return -XenErrno.ESRCH;
        }
        if (mayNotSpeakFor(call, target)) {
            return -XenErrno.EPERM;
        }
        if (!call.resumed()) {
            if (target != events(call) && !monitor.isPaused(target.domid())) {
                return -XenErrno.EINVAL;
            }
            int refused = target.beginReset();
            if (refused < 0) {
                return refused;
            }
        }
        int result = target.continueReset(RESET_SLICE);
        while (result == EventChannels.RESETTING) {
            call.spend(RESET_SLICE / 8);
            if (call.preempt()) {
                return HypercallContext.PREEMPTED;
            }
            result = target.continueReset(RESET_SLICE);
        }
        return result;
    }

    private static long initControl(HypercallContext call) {
        MemorySegment argument = call.argument();
        EvtchnInitControl.linkBits(argument, 0, io.splitvisor.abi.evtchn.EventChannels.FIFO_LINK_BITS);
        return events(call)
                .initControl(
                        EvtchnInitControl.vcpu(argument, 0),
                        EvtchnInitControl.controlGfn(argument, 0),
                        EvtchnInitControl.offset(argument, 0));
    }

    private static long setPriority(HypercallContext call) {
        MemorySegment argument = call.argument();
        return events(call).setPriority(EvtchnSetPriority.port(argument, 0), EvtchnSetPriority.priority(argument, 0));
    }
}
