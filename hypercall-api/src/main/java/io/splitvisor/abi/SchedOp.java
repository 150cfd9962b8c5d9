// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi;

/** Operations of {@code sched_op} (xen/include/public/sched.h). */
public final class SchedOp {
    /** Gives up the CPU; no argument. */
    public static final int YIELD = 0;
    /** Sleeps until an event is pending, and unmasks upcalls; no argument. */
    public static final int BLOCK = 1;
    /** Argument {@code sched_shutdown}. */
    public static final int SHUTDOWN = 2;
    /** Sleeps until one of a set of ports is pending, or a timeout; argument {@code sched_poll}. */
    public static final int POLL = 3;
    /** Privileged: sets another domain's shutdown; argument {@code sched_remote_shutdown}. */
    public static final int REMOTE_SHUTDOWN = 4;
    /** Latches the reason; argument {@code sched_shutdown}. */
    public static final int SHUTDOWN_CODE = 5;
    /** Sets up, pokes or removes a watchdog; argument {@code sched_watchdog}. */
    public static final int WATCHDOG = 6;
    /** Dom0: pins the calling vCPU; argument {@code sched_pin_override}. */
    public static final int PIN_OVERRIDE = 7;

    private SchedOp() {}

    /** Xen's name, such as "poll"; "sched_op N" for a number that Xen does not define. */
    public static String nameOf(int op) {
        return switch (op) {
            case YIELD -> "yield";
            case BLOCK -> "block";
            case SHUTDOWN -> "shutdown";
            case POLL -> "poll";
            case REMOTE_SHUTDOWN -> "remote_shutdown";
            case SHUTDOWN_CODE -> "shutdown_code";
            case WATCHDOG -> "watchdog";
            case PIN_OVERRIDE -> "pin_override";
            default -> "sched_op " + op;
        };
    }
}
