// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.x86.linux;

import io.splitvisor.vcpu.Exit;

/** How a program's processors are run: at full speed, traced, under a debugger. */
public interface Runner {
    /** Runs a thread until something needs its process, or answers null to be asked again. */
    Exit run(Task task);

    /** A thread raised a signal that will end its program. */
    default void fatal(Task task, int signal) {}

    /** A thread has ended. */
    default void left(Task task) {}

    /** A thread has made a system call. */
    default void called(Task task, long number, long[] arguments, long result) {}

    /** A program has ended, with the status that wait4 shows. */
    default void ended(UserProcess process, int status) {}
}
