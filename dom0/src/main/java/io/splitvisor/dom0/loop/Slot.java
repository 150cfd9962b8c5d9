// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.loop;

import io.splitvisor.backend.RingWorker;
import io.splitvisor.hypercall.SpuriousEvents;
import io.splitvisor.monitor.time.Alarm;
import java.util.concurrent.atomic.AtomicBoolean;

/** A worker as a {@link PollingLoop} knows it. What is not said to be shared belongs to the loop's thread. */
final class Slot {
    final RingWorker worker;
    /** Set by whoever wakes the worker first; cleared by the loop before it serves it. */
    final AtomicBoolean woken = new AtomicBoolean();

    /** Link in the stack of woken workers; written before the push that publishes it. */
    Slot next;

    /** What its turns are charged to, while it is active. */
    FairShare.Account account;

    /** What the worker says of itself. */
    final boolean standsBack;

    boolean active;

    /** Its events, as far as they were spurious. */
    final SpuriousEvents spurious = new SpuriousEvents();

    /** Somebody asked for it who is not the other side: that does not wait. */
    volatile boolean asked;

    /** An event came since the loop looked last. */
    volatile boolean notified;

    /** Its events wait for {@link #release}. Read by those who bring them, after they have set {@link #notified}. */
    volatile boolean held;

    /** Ends the waiting; made when first needed. */
    Alarm release;

    /** It became active because of an event, and has had nothing since. */
    boolean inVain;

    /** It threw, and is not called any more, whoever wakes it. */
    boolean failed;

    long lastWork;

    Slot(RingWorker worker) {
        this.worker = worker;
        this.standsBack = worker.standsBack();
    }
}
