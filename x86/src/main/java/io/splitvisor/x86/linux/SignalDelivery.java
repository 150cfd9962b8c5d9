// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.x86.linux;

/** Delivers signals where a thread is about to go on in ring 3. */
final class SignalDelivery {
    private SignalDelivery() {}

    /**
     * Delivers what waits: starts a handler, or ends the process.
     *
     * @param interrupted whether a system call was, which then starts again unless a handler without SA_RESTART runs
     */
    static void deliver(Task task, long call, boolean interrupted) {
        boolean restart = interrupted;
        SignalInfo info;
        while ((info = task.signals().take(~task.signals().mask())) != null) {
            SignalAction action = task.process().action(info.signal());
            if (action.isHandler()) {
                if (restart && action.has(SignalAction.SA_RESTART)) {
                    task.restart(call);
                }
                restart = false;
                handle(task, info, action);
                if (task.ended()) {
                    return;
                }
            } else if (action.handler() == Signals.SIG_DFL && !Signals.ignoredByDefault(info.signal())) {
                task.process().endBySignal(task, info.signal());
                return;
            }
        }
        task.wakeup().drain();
        task.restoreMask();
        if (restart) {
            task.restart(call);
        }
    }

    private static void handle(Task task, SignalInfo info, SignalAction action) {
        long old = task.signals().mask();
        long suspended = task.takeSavedMask();
        try {
            SignalFrame.push(task, info, action, suspended != Task.NO_MASK ? suspended : old);
        } catch (Refused _) {
            // The stack is no memory.
            task.process().endBySignal(task, Signals.SIGSEGV);
            return;
        }
        long added = action.mask() | (action.has(SignalAction.SA_NODEFER) ? 0 : Signals.set(info.signal()));
        task.signals().mask(old | added);
        if (action.has(SignalAction.SA_RESETHAND)) {
            task.process().action(info.signal(), SignalAction.DEFAULT);
        }
    }
}
