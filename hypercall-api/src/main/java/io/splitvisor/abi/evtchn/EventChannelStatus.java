// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi.evtchn;

/** States of a port in {@code evtchn_status.status} (event_channel.h, {@code EVTCHNSTAT_*}). */
public final class EventChannelStatus {
    /** Not in use. */
    public static final int CLOSED = 0;
    /** Waits for a remote domain to bind. */
    public static final int UNBOUND = 1;
    /** Connected to a remote domain's port. */
    public static final int INTERDOMAIN = 2;
    /** Bound to a physical interrupt. */
    public static final int PIRQ = 3;
    /** Bound to a virtual interrupt. */
    public static final int VIRQ = 4;
    /** Bound to a virtual inter-processor interrupt. */
    public static final int IPI = 5;

    private EventChannelStatus() {}

    /** Xen's name, such as "interdomain"; "status N" for a number that Xen does not define. */
    public static String nameOf(int status) {
        return switch (status) {
            case CLOSED -> "closed";
            case UNBOUND -> "unbound";
            case INTERDOMAIN -> "interdomain";
            case PIRQ -> "pirq";
            case VIRQ -> "virq";
            case IPI -> "ipi";
            default -> "status " + status;
        };
    }
}
