// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu;

/** Where a processor's time-stamp counter comes from. */
@FunctionalInterface
public interface Clock {
    /**
     * The counter before the guest's offset is added.
     *
     * @param instructions retired so far; a clock that depends on nothing else is deterministic
     */
    long ticks(long instructions);

    /** Time is the number of instructions retired. */
    Clock INSTRUCTIONS = instructions -> instructions;

    /** Nanoseconds of the host. */
    Clock NANOSECONDS = instructions -> System.nanoTime();
}
