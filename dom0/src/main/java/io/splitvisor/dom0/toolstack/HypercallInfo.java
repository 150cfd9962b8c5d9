// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.toolstack;

import java.util.List;
import java.util.Objects;

/**
 * What a domain has asked the monitor for since it was created; what {@code hypercalls} shows. The figures are counted
 * while it runs, so those of one moment may differ by a call.
 *
 * @param domid the domain
 * @param name its name
 * @param vcpus its vCPUs; the figures are the sum over them
 * @param operations operations that it has called, by number and command
 * @param turns how often its rings were looked at and had something
 * @param preemptions calls that did not end in their first slice, or waited
 * @param batches how many new calls those turns found
 * @param toDom0 the bell that the guest rings
 * @param toGuest the bells that the monitor rings, for results and events
 * @param eventsSent events that it has sent to others
 * @param eventsReceived events that it was sent
 */
public record HypercallInfo(
        int domid,
        String name,
        int vcpus,
        List<Operation> operations,
        long turns,
        long preemptions,
        List<Batch> batches,
        Bell toDom0,
        Bell toGuest,
        long eventsSent,
        long eventsReceived) {
    /** Checks that nothing is null. */
    public HypercallInfo {
        Objects.requireNonNull(name, "name");
        operations = List.copyOf(operations);
        batches = List.copyOf(batches);
        Objects.requireNonNull(toDom0, "toDom0");
        Objects.requireNonNull(toGuest, "toGuest");
    }

    /**
     * The calls of one operation.
     *
     * @param name Xen's name; {@code unknown} for those that no operation stands behind
     * @param calls how many have had their result
     * @param errors how many of these had a negative one
     * @param timed how many were timed: a sample
     * @param p50Nanos half of the timed calls took no longer; 0 without any
     * @param p99Nanos nor 99 in 100 longer than this
     * @param maxNanos the longest
     */
    public record Operation(
            String name, long calls, long errors, long timed, long p50Nanos, long p99Nanos, long maxNanos) {}

    /**
     * Turns that found so many new calls.
     *
     * @param from the fewest
     * @param to the most
     * @param turns how many turns did
     */
    public record Batch(int from, int to, long turns) {}

    /**
     * A bell.
     *
     * @param rung how often it was rung, each time a system call and a wake-up; -1 where nobody can tell
     * @param saved how often there was something new and it did not need to be rung: who waits for it was awake, or had been
     *     told already; -1 where nobody can tell
     */
    public record Bell(long rung, long saved) {}

    /** All calls. */
    public long calls() {
        return operations.stream().mapToLong(Operation::calls).sum();
    }

    /** All calls that ended with a negative result. */
    public long errors() {
        return operations.stream().mapToLong(Operation::errors).sum();
    }
}
