// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.xenbus;

import java.time.Duration;

/**
 * Where one end of a device decides: one task after the other, never two at a time, and a clock to limit waits by. A task
 * does not wait for anything but the store; what takes time comes back as another task.
 *
 * <p>A domain gives each of its devices one ({@code BackendDomain.control}, {@code FrontendDomain.control}). Tests bring one
 * that they step by hand.
 */
public interface ControlThread extends AutoCloseable {
    /** Runs a task, soon. Any thread; after {@link #close} nothing. A task that throws is logged, and the next one runs. */
    void execute(Runnable task);

    /** Runs a task when some time has passed. Any thread. */
    void schedule(Runnable task, Duration after);

    /** Time by the clock that {@link #schedule} goes by, in nanoseconds since whenever. */
    long nanoTime();

    /** Wall-clock time, in milliseconds since 1970, for people to read. */
    long currentTimeMillis();

    /** Runs no more tasks after the one that runs now. Idempotent; any thread. */
    @Override
    void close();

    /** A virtual thread, by the clock of this machine. */
    static ControlThread start(String name) {
        return new VirtualControlThread(name);
    }
}
