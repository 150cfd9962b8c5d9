// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.evtchn;

import io.splitvisor.abi.evtchn.EventChannelStatus;

/** What a port is at present ({@code EVTCHNSTAT_*}). Immutable: a change replaces it. */
public sealed interface PortState {
    /** {@code evtchn_status.status}. */
    default int status() {
        return switch (this) {
            case Closed _ -> EventChannelStatus.CLOSED;
            case Unbound _ -> EventChannelStatus.UNBOUND;
            case Interdomain _ -> EventChannelStatus.INTERDOMAIN;
            case VirtualIrq _ -> EventChannelStatus.VIRQ;
            case Ipi _ -> EventChannelStatus.IPI;
        };
    }

    /** Not in use. */
    record Closed() implements PortState {
        static final Closed INSTANCE = new Closed();
    }

    /**
     * Offered to a domain that has not bound it yet.
     *
     * @param remoteDomid who may bind
     */
    record Unbound(int remoteDomid) implements PortState {}

    /**
     * Connected.
     *
     * @param remote the other domain's channels
     * @param remotePort the port there
     */
    record Interdomain(EventChannels remote, int remotePort) implements PortState {
        @Override
        public String toString() {
            return "Interdomain[" + remote.domid() + ":" + remotePort + "]";
        }
    }

    /**
     * Raised by the monitor.
     *
     * @param virq a {@code VIRQ_*} number
     */
    record VirtualIrq(int virq) implements PortState {}

    /** By it, the domain's vCPUs notify the port's one. */
    record Ipi() implements PortState {
        static final Ipi INSTANCE = new Ipi();
    }
}
