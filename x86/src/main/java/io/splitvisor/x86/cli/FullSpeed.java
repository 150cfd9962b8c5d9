// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.x86.cli;

import io.splitvisor.vcpu.Exit;
import io.splitvisor.x86.linux.Runner;
import io.splitvisor.x86.linux.Task;

/** Runs programs at full speed, and says what ended one that did not end by itself. */
class FullSpeed implements Runner {
    private static final long SLICE = 1_000_000_000L;
    /** Signals of instructions; the others' senders know why they sent them. */
    private static final long FAULTS = 1 << 4 | 1 << 5 | 1 << 7 | 1 << 8 | 1 << 11;

    @Override
    public Exit run(Task task) {
        return task.vcpu().run(SLICE);
    }

    @Override
    public void fatal(Task task, int signal) {
        if ((FAULTS >>> signal & 1) != 0) {
            System.err.println(
                    "splitvisor x86: " + task.program() + ": signal " + signal + " at " + FaultPlace.describe(task));
        }
    }
}
