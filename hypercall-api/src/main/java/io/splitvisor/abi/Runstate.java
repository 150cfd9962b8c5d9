// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi;

/** What a vCPU does (vcpu.h, {@code RUNSTATE_*}). */
public final class Runstate {
    /** Runs on a processor. */
    public static final int RUNNING = 0;
    /** Would run, but has no processor. */
    public static final int RUNNABLE = 1;
    /** Waits for an event. */
    public static final int BLOCKED = 2;
    /** Neither runs nor waits: it is down. */
    public static final int OFFLINE = 3;

    private Runstate() {}

    /** Xen's name, such as "blocked"; "runstate N" for a number that Xen does not define. */
    public static String nameOf(int state) {
        return switch (state) {
            case RUNNING -> "running";
            case RUNNABLE -> "runnable";
            case BLOCKED -> "blocked";
            case OFFLINE -> "offline";
            default -> "runstate " + state;
        };
    }
}
