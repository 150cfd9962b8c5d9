// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.backend;

import io.splitvisor.backend.EventChannel;
import io.splitvisor.backend.RingWorker;

/** One ring of a connection, or the pair of rings of one that exchanges bytes. In the loop unless said otherwise. */
sealed interface ServedRing extends RingWorker permits BackQueue, BackBytes {
    /** Where the front end is notified. Set before the first event. */
    void notifyThrough(EventChannel eventChannel);

    /**
     * Takes nothing more, and tells when nothing is in flight.
     *
     * @param then called in the loop, once
     */
    void stop(Runnable then);

    /** Nobody waits any longer for a hook to return. Any thread. */
    void abandon();

    /** Odd while the thread is in the driver's hooks; another number each time. Any thread. */
    long turn();

    /** What it did. Any thread. */
    QueueCounters counters();

    /** Gives its memory back. Nothing is in flight. */
    void close();
}
