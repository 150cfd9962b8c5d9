// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi;

import java.util.Optional;

/** Why a domain stopped (sched.h, {@code SHUTDOWN_*}). */
public enum ShutdownReason {
    /** Exited normally; clean up and kill. */
    POWEROFF(0),
    /** Clean up, kill, and start again. */
    REBOOT(1),
    /** Clean up, save state, kill. */
    SUSPEND(2),
    /** Tell the controller that it crashed. */
    CRASH(3),
    /** Restart, because a watchdog expired. */
    WATCHDOG(4),
    /** Restart with memory kept. */
    SOFT_RESET(5);

    private static final ShutdownReason[] BY_CODE = values();

    private final int code;

    ShutdownReason(int code) {
        this.code = code;
    }

    /** The number in {@code sched_shutdown.reason}. */
    public int code() {
        return code;
    }

    /** The reason with this number; empty for a number that Xen does not define. */
    public static Optional<ShutdownReason> of(int code) {
        return code >= 0 && code < BY_CODE.length ? Optional.of(BY_CODE[code]) : Optional.empty();
    }
}
