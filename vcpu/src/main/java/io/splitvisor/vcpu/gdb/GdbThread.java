// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.gdb;

import io.splitvisor.vcpu.Vcpu;

/** A processor as the debugger sees it: a thread. All but the processor is guarded by its session. */
final class GdbThread {
    /** How it goes on when the debugger lets it. */
    enum Action {
        /** Until something happens. */
        CONTINUE,
        /** For one instruction. */
        STEP,
        /** Not at all. */
        HOLD
    }

    /** In a reason: the next instruction is at a breakpoint. */
    static final String BREAKPOINT = "swbreak:;";

    private final int id;
    private volatile Vcpu vcpu;
    private Action action = Action.CONTINUE;
    private String reason;
    private boolean stepDone;

    GdbThread(int id, Vcpu vcpu) {
        this.id = id;
        this.vcpu = vcpu;
    }

    int id() {
        return id;
    }

    Vcpu vcpu() {
        return vcpu;
    }

    /** Another processor runs it now, as after exec. */
    void vcpu(Vcpu newVcpu) {
        this.vcpu = newVcpu;
    }

    Action action() {
        return action;
    }

    void action(Action newAction) {
        this.action = newAction;
        this.stepDone = false;
    }

    /** The instruction that it was to step over has left to the host, and ends when the thread comes back. */
    void stepLeft() {
        stepDone = action == Action.STEP;
    }

    /** Whether a step has ended that had left to the host. */
    boolean stepDone() {
        return stepDone;
    }

    /** What it has to tell the debugger, or null. */
    String reason() {
        return reason;
    }

    /** Whether that is a breakpoint, whose instruction has not been executed. */
    boolean isAtBreakpoint() {
        return reason != null && reason.endsWith(BREAKPOINT);
    }

    /** It has to tell something: a stop reply without the thread. */
    void reason(String why) {
        this.reason = why;
    }
}
