// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.benchmarks.hypercalls;

import io.splitvisor.domu.GuestDomain;
import java.util.concurrent.locks.LockSupport;

/**
 * Two ports of one domain, connected with each other, whose handlers send to one another: from send to handler through the
 * monitor, as between two domains, but with two threads that are awake and not three, for machines with two processors.
 */
final class EventLoop {
    private final GuestDomain domain;
    private final int first;
    private final int second;
    /** The event that comes with the binding may be handled before the port's number is known here: it starts nothing. */
    private volatile boolean running;

    /** Written by the upcall thread alone. */
    private volatile long events;

    EventLoop(GuestDomain domain) {
        this.domain = domain;
        first = domain.events().allocUnbound(domain.domid(), this::answerFirst);
        second = domain.events().bindInterdomain(domain.domid(), first, this::answerSecond);
    }

    private void answerFirst() {
        answer(first);
    }

    private void answerSecond() {
        answer(second);
    }

    private void answer(int port) {
        long now = events;
        events = now + 1;
        if (running) {
            domain.events().send(port);
        }
    }

    /**
     * Nanoseconds from one handler to the next: one event, from its send to its handler. Two of them are an event and its answer;
     * the cache line that they are compared with goes there and back.
     */
    double nanosPerEvent(long nanos) {
        running = true;
        domain.events().send(first);
        LockSupport.parkNanos(nanos / 10);
        long before = events;
        long start = System.nanoTime();
        LockSupport.parkNanos(nanos);
        double each = (double) (System.nanoTime() - start) / (events - before);
        running = false;
        return each;
    }
}
