// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.frontend;

import io.splitvisor.hypercall.AdaptiveSpin;
import java.util.concurrent.locks.LockSupport;

/**
 * The threads that wait for responses on a queue: they spin, taking responses themselves, then ask for an event and sleep.
 * Each sleeps for a call of its own, but for one, the harvester, that wakes for any.
 */
final class Sleepers {
    /** About fifty microseconds. */
    private static final int SPIN_TURNS = 1000;

    private final FrontQueue queue;
    private final AdaptiveSpin spin = new AdaptiveSpin(SPIN_TURNS);

    // Under the queue's lock.
    private int count;
    private long sleeps;
    private volatile Thread harvester;

    Sleepers(FrontQueue queue) {
        this.queue = queue;
    }

    boolean areThere() {
        return count > 0;
    }

    long sleeps() {
        return sleeps;
    }

    /** Who sleeps for a call that is done; null if nobody does. Under the lock. */
    Thread takeWaiter(RingCall call) {
        Thread waiter = call.waiter;
        if (waiter != null) {
            call.waiter = null;
            count--;
        }
        return waiter;
    }

    /** Under the lock. */
    void wakeHarvester() {
        if (harvester != null) {
            LockSupport.unpark(harvester);
            harvester = null;
            count--;
        }
    }

    /** All calls that somebody sleeps for are another queue's from now on. Under both locks. */
    void moveTo(Sleepers other) {
        wakeHarvester();
        other.count += count;
        count = 0;
    }

    int pollOrWait() {
        int limit = spin.limit();
        for (int turn = 0; turn < limit; turn++) {
            if (queue.hasResponses()) {
                int done = queue.poll();
                if (done > 0) {
                    spin.succeeded(turn);
                    return done;
                }
            }
            Thread.onSpinWait();
        }
        spin.failed();
        long start = System.nanoTime();
        int done = sleepUntilDone();
        spin.slept(System.nanoTime() - start);
        return done;
    }

    private int sleepUntilDone() {
        Thread me = Thread.currentThread();
        long before = -1;
        while (true) {
            boolean notify;
            boolean over;
            int done;
            queue.lock.lock();
            try {
                before = before < 0 ? queue.finished() : before;
                queue.reap();
                boolean nothing = queue.finished() == before && !queue.isHopeless();
                if (nothing && harvester == null && !me.isInterrupted()) {
                    harvester = me;
                    count++;
                    sleeps++;
                    // This may find the response after all.
                    queue.rearm();
                }
                done = (int) (queue.finished() - before);
                over = done > 0 || queue.isHopeless() || me.isInterrupted();
                if (over && harvester == me) {
                    harvester = null;
                    count--;
                }
                notify = queue.publish();
            } finally {
                queue.lock.unlock();
            }
            if (notify) {
                queue.send();
            }
            if (over) {
                return done;
            }
            // Locks and hypercalls on the way here park as well, and may have used up the permit that came with the
            // response: this word is what counts.
            if (harvester == me) {
                LockSupport.park(this);
            }
        }
    }

    /** Waits for a call, on whatever queue it is by now. */
    void await(RingCall call) {
        if (spinFor(call)) {
            return;
        }
        long start = System.nanoTime();
        boolean interrupted = false;
        while (!call.isDone()) {
            // Looked at once more, because what the call does on its way out may have used up the permit.
            if (call.queue().sleepers().askForEvent(call) && !call.isDone()) {
                LockSupport.park(call);
                interrupted |= Thread.interrupted();
            }
        }
        spin.slept(System.nanoTime() - start);
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private boolean spinFor(RingCall call) {
        int limit = spin.limit();
        for (int turn = 0; turn < limit; turn++) {
            if (call.isDone()) {
                spin.succeeded(turn);
                return true;
            }
            if (queue.hasResponses()) {
                tryReap();
            } else {
                Thread.onSpinWait();
            }
        }
        spin.failed();
        return call.isDone();
    }

    private void tryReap() {
        boolean notify = false;
        if (queue.lock.tryLock()) {
            try {
                queue.reap();
                notify = queue.publish();
            } finally {
                queue.lock.unlock();
            }
        }
        if (notify) {
            queue.send();
        }
    }

    /** False if the call is done after all, or has gone to another queue. */
    private boolean askForEvent(RingCall call) {
        boolean sleep = false;
        boolean notify;
        queue.lock.lock();
        try {
            queue.reap();
            if (!call.isDone() && call.queue() == queue) {
                if (call.waiter == null) {
                    call.waiter = Thread.currentThread();
                    count++;
                    sleeps++;
                }
                queue.rearm();
                sleep = !call.isDone();
            }
            notify = queue.publish();
        } finally {
            queue.lock.unlock();
        }
        if (notify) {
            queue.send();
        }
        return sleep;
    }
}
