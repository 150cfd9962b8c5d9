// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.trace;

/**
 * A queue on the way to the writing thread, in the order of its times. What is told by others; all that is here is the writing
 * thread's.
 */
interface TraceSource {
    /**
     * Sees what has come until now; nothing that comes later is there before the next look.
     *
     * @return how full the queue is: 1 if there is no room
     */
    double look();

    /** Whether something is there. */
    boolean isEmpty();

    /** When the first that is there happened. */
    long nanos();

    /** Takes the first. */
    void take(TraceWriter writer);

    /** What was taken makes room. */
    void release();

    /** Whether nothing is there, and nothing will come. */
    boolean isOver();
}
