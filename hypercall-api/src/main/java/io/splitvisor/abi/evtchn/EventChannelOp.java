// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi.evtchn;

/** Operations of {@code event_channel_op} (event_channel.h, {@code EVTCHNOP_*}). */
public final class EventChannelOp {
    public static final int BIND_INTERDOMAIN = 0;
    public static final int BIND_VIRQ = 1;
    public static final int BIND_PIRQ = 2;
    public static final int CLOSE = 3;
    public static final int SEND = 4;
    public static final int STATUS = 5;
    public static final int ALLOC_UNBOUND = 6;
    public static final int BIND_IPI = 7;
    public static final int BIND_VCPU = 8;
    public static final int UNMASK = 9;
    public static final int RESET = 10;
    public static final int INIT_CONTROL = 11;
    public static final int EXPAND_ARRAY = 12;
    public static final int SET_PRIORITY = 13;

    private EventChannelOp() {}

    /** Xen's name, such as "alloc_unbound"; "event_channel_op N" for a number that Xen does not define. */
    public static String nameOf(int op) {
        return switch (op) {
            case BIND_INTERDOMAIN -> "bind_interdomain";
            case BIND_VIRQ -> "bind_virq";
            case BIND_PIRQ -> "bind_pirq";
            case CLOSE -> "close";
            case SEND -> "send";
            case STATUS -> "status";
            case ALLOC_UNBOUND -> "alloc_unbound";
            case BIND_IPI -> "bind_ipi";
            case BIND_VCPU -> "bind_vcpu";
            case UNMASK -> "unmask";
            case RESET -> "reset";
            case INIT_CONTROL -> "init_control";
            case EXPAND_ARRAY -> "expand_array";
            case SET_PRIORITY -> "set_priority";
            default -> "event_channel_op " + op;
        };
    }
}
