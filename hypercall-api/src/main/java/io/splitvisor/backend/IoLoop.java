// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.backend;

import java.util.function.BooleanSupplier;

/**
 * The thread that serves a domain's rings. It spins while its workers have work, and a little longer, then sleeps. Tasks
 * must not block; whatever may block belongs on a thread of its own, and comes back with {@link #wake} or {@link #execute}.
 */
public interface IoLoop {
    /** Tells that a worker has work. Any thread; cheap when it is known already. */
    void wake(RingWorker worker);

    /**
     * Tells that a worker's event channel fired. As {@link #wake}, but the word of another domain: when there was no work
     * behind it again and again, this worker's events wait, up to a second; a wake does not. Any thread.
     */
    default void notified(RingWorker worker) {
        wake(worker);
    }

    /** Stops calling a worker; it may be woken again. In the loop only. */
    void forget(RingWorker worker);

    /**
     * A worker's {@link RingWorker#serve} does not return: leaves it to the thread that is in there, which is interrupted, and
     * goes on with everything else on another one. If it does return, {@link RingWorker#failed} is the next that is called of
     * it, in the loop. Any other thread.
     *
     * @param isStuck whether it is still in there: looked at once more, when the thread cannot come back unnoticed any more
     * @return whether it was left
     */
    default boolean leave(RingWorker worker, BooleanSupplier isStuck) {
        return false;
    }

    /** Runs a task in the loop, soon. Any thread. */
    void execute(Runnable task);

    /** Whether the caller is the loop's thread. */
    boolean inLoop();
}
