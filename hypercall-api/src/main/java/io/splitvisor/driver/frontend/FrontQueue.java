// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.frontend;

import io.splitvisor.driver.Protocol;
import io.splitvisor.driver.frontend.RingCall.Outcome;
import io.splitvisor.ring.FrontRing;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/**
 * One ring of a device. Any number of threads may submit, poll and wait: whoever waits looks for responses himself while he
 * spins, and only when that takes too long does he ask for an event and sleep.
 *
 * <p>Calls that the ring has no room for, or that come while there is no connection, wait in line. When a connection is lost,
 * what was not answered is submitted again on the next one, unless the protocol says otherwise.
 */
public final class FrontQueue {
    private final int index;
    private final int lineLimit;
    private final boolean replayed;
    private final Consumer<String> misbehaviour;
    private final CallLine line = new CallLine();
    private final Sleepers sleepers = new Sleepers(this);
    final ReentrantLock lock = new ReentrantLock();

    // Under the lock, unless said otherwise.
    /** Read without the lock to look for responses; null while there is no connection. */
    private volatile RingEnd end;

    private InFlight inFlight;
    private FrontQueue redirect;
    private boolean paused;

    /** Responses are being taken, and whoever takes them publishes what is submitted meanwhile. */
    private boolean reaping;

    private Outcome refusal;
    private long sequence;
    private long finished;
    private long finishedAtUpcall;
    private long bytes;
    private long notifications;
    private long upcalls;

    FrontQueue(Protocol protocol, int index, int lineLimit, Consumer<String> misbehaviour) {
        this.index = index;
        this.lineLimit = lineLimit;
        this.replayed = protocol.replayed();
        this.misbehaviour = misbehaviour;
        this.inFlight = new InFlight(1, Long.SIZE);
    }

    /** The queue's number on its device. */
    public int index() {
        return index;
    }

    /** Submits a call, and tells the back end if it wants to be told. Never waits: what finds no room waits in line. */
    public void submit(RingCall call) {
        FrontQueue other;
        boolean notify = false;
        lock.lock();
        try {
            other = redirect;
            if (other == null) {
                accept(call);
                notify = !reaping && publish();
            }
        } finally {
            lock.unlock();
        }
        if (other != null) {
            other.submit(call);
        }
        if (notify) {
            send();
        }
    }

    /** Submits several calls with one notification at most. */
    public void submit(RingCall[] calls, int count) {
        FrontQueue other;
        boolean notify = false;
        lock.lock();
        try {
            other = redirect;
            if (other == null) {
                for (int i = putAll(calls, count); i < count; i++) {
                    accept(calls[i]);
                }
                notify = !reaping && publish();
            }
        } finally {
            lock.unlock();
        }
        if (other != null) {
            other.submit(calls, count);
        }
        if (notify) {
            send();
        }
    }

    /**
     * As {@link #submit(RingCall)}, unless too many wait in line already.
     *
     * @return whether it was submitted
     */
    public boolean trySubmit(RingCall call) {
        lock.lock();
        try {
            FrontQueue taker = redirect == null ? this : redirect;
            if (taker.line.length() >= lineLimit) {
                return false;
            }
        } finally {
            lock.unlock();
        }
        submit(call);
        return true;
    }

    void send() {
        RingEnd now = end;
        if (now != null) {
            now.send();
        }
    }

    private void accept(RingCall call) {
        call.begin(this);
        if (refusal != null) {
            finish(call, refusal);
            return;
        }
        RingEnd now = end;
        if (now != null && !paused && line.isEmpty() && inFlight.hasRoom()) {
            put(call, now);
        } else {
            line.add(call);
        }
    }

    /** Puts calls into the ring that need not wait, as long as they are first in line; how many. */
    private int putAll(RingCall[] calls, int count) {
        RingEnd now = end;
        boolean open = refusal == null && now != null && !paused && line.isEmpty();
        return open ? now.putAll(calls, count, inFlight, this) : 0;
    }

    /** The number of the next call. */
    long nextNumber() {
        return sequence++;
    }

    /** Puts waiting calls into the ring as long as there is room. */
    private void issue() {
        RingEnd now = end;
        if (now == null || paused) {
            return;
        }
        while (inFlight.hasRoom() && !line.isEmpty()) {
            put(line.poll(), now);
        }
    }

    private void put(RingCall call, RingEnd to) {
        if (!call.fits(to.link())) {
            // A back end that came back takes smaller requests than the one before.
            finish(call, Outcome.UNSUPPORTED);
            return;
        }
        to.put(call, inFlight);
    }

    /** Publishes what was put into the ring; whether the back end wants to be told. */
    boolean publish() {
        RingEnd now = end;
        boolean notify = now != null && now.publish();
        if (notify) {
            notifications++;
        }
        return notify;
    }

    /**
     * Takes the responses that are there.
     *
     * @return how many calls are done now that were not before
     */
    public int poll() {
        if (!hasResponses()) {
            return 0;
        }
        lock.lock();
        boolean notify;
        int reaped;
        try {
            reaped = reap();
            notify = publish();
        } finally {
            lock.unlock();
        }
        if (notify) {
            send();
        }
        return reaped;
    }

    /** Whether there seem to be responses. Any thread, without the lock. */
    boolean hasResponses() {
        RingEnd now = end;
        return now != null && now.hasResponses();
    }

    /**
     * As {@link #poll}, but if there are none, waits for the first one: spinning for a while, then asleep. For one thread
     * at a time. Calls may be done without this thread having noticed yet, for the upcall thread takes responses, too: look at
     * each of them again, whatever this answers.
     *
     * @return how many calls are done now that were not before; 0 if there is nothing to wait for, the device went away, or
     *     the thread was interrupted
     */
    public int pollOrWait() {
        return sleepers.pollOrWait();
    }

    /** Waits for a call, on whatever queue it is. */
    static void await(RingCall call) {
        call.queue().sleepers.await(call);
    }

    /** Does something with a call unless it is done; whether it was not. */
    boolean whileInFlight(RingCall call, Runnable what) {
        lock.lock();
        try {
            if (call.isDone()) {
                return false;
            }
            what.run();
            return true;
        } finally {
            lock.unlock();
        }
    }

    Sleepers sleepers() {
        return sleepers;
    }

    /** No response will come: nothing is in flight or waits for a slot, or everything is refused. */
    boolean isHopeless() {
        return refusal != null || (line.isEmpty() && inFlight.isEmpty());
    }

    /** Calls done so far. */
    long finished() {
        return finished;
    }

    /** Takes the responses that are there; how many. Publishes nothing, unless a callback throws. */
    int reap() {
        RingEnd now = end;
        if (now == null) {
            return 0;
        }
        boolean within = reaping;
        boolean returned = false;
        reaping = true;
        try {
            int reaped = reap(now);
            if (!line.isEmpty()) {
                issue();
            }
            returned = true;
            return reaped;
        } finally {
            reaping = within;
            if (!returned && publish()) {
                // What other callbacks have submitted is not held up.
                send();
            }
        }
    }

    private int reap(RingEnd now) {
        int pending = now.pending();
        if (pending == FrontRing.OVERFLOW) {
            misbehaved("more responses than the ring holds");
            return 0;
        }
        int reaped = 0;
        int last = now.taken(pending);
        // A callback may have taken some of them itself.
        while (last - now.taken(0) > 0) {
            long response = now.take();
            long id = now.id(response);
            RingCall call = inFlight.find(id);
            String wrong = now.give(call, response);
            if (wrong != null) {
                misbehaved(wrong);
                return reaped;
            }
            inFlight.remove(id);
            reaped++;
            finish(call, Outcome.ANSWERED);
        }
        return reaped;
    }

    private void finish(RingCall call, Outcome outcome) {
        finished++;
        sleepers.wakeHarvester();
        if (outcome == Outcome.ANSWERED) {
            bytes += call.bytes();
        }
        Thread waiter = sleepers.takeWaiter(call);
        call.end(outcome);
        if (waiter != null) {
            LockSupport.unpark(waiter);
        }
        call.completed();
    }

    /** The back end notified; whether calls are done that were not at its last notification. */
    boolean upcall() {
        boolean[] work = new boolean[1];
        locked(() -> {
            upcalls++;
            reap();
            rearm();
            work[0] = finished != finishedAtUpcall;
            finishedAtUpcall = finished;
        });
        return work[0];
    }

    /** Sees to it that an event comes with the next response, if somebody sleeps until then. */
    void rearm() {
        while (sleepers.areThere() && end != null && end.armed()) {
            reap();
        }
    }

    private void misbehaved(String how) {
        end = null;
        refuse(Outcome.MISBEHAVED);
        misbehaviour.accept(how);
    }

    /** Fails everything from now on, and what is in line or in flight. */
    private void refuse(Outcome why) {
        refusal = why;
        List<RingCall> all = inFlight.removeAll();
        all.forEach(RingCall::lost);
        for (RingCall call = line.poll(); call != null; call = line.poll()) {
            all.add(call);
        }
        finishAll(all, why);
        sleepers.wakeHarvester();
    }

    /** A callback that throws does not keep the others from hearing of it. */
    private void finishAll(List<RingCall> calls, Outcome why) {
        RuntimeException thrown = null;
        for (RingCall call : calls) {
            try {
                finish(call, why);
            } catch (RuntimeException e) {
                thrown = e;
            }
        }
        if (thrown != null) {
            throw thrown;
        }
    }

    /** Goes to work on a fresh ring, with what is in line. */
    void connect(RingEnd fresh) {
        locked(() -> {
            redirect = null;
            paused = false;
            inFlight = fresh.newTable();
            end = fresh;
            issue();
            rearm();
        });
    }

    /**
     * This connection has fewer rings than there are queues: gives everything to another queue, now and later.
     *
     * @param other a queue with a smaller number, which is the order in which two of their locks are taken
     */
    void redirect(FrontQueue other) {
        lock.lock();
        other.lock.lock();
        try {
            redirect = other;
            for (RingCall call = line.poll(); call != null; call = line.poll()) {
                call.moveTo(other);
                call.sequence = other.nextNumber();
                other.line.add(call);
            }
            sleepers.moveTo(other.sleepers);
        } finally {
            other.lock.unlock();
            lock.unlock();
        }
    }

    /** Puts nothing more into the ring. */
    void pause() {
        locked(() -> paused = true);
    }

    /** Puts into the ring again. */
    void goOn() {
        locked(() -> {
            paused = false;
            issue();
            rearm();
        });
    }

    /** Does something under the lock, publishes what came of it, and tells the back end if it wants to be told. */
    private void locked(Runnable what) {
        boolean notify;
        lock.lock();
        try {
            what.run();
            notify = publish();
        } finally {
            lock.unlock();
        }
        if (notify) {
            send();
        }
    }

    /** Whether nothing is in flight, after a look at the ring. */
    boolean isQuiet() {
        boolean[] quiet = new boolean[1];
        locked(() -> {
            reap();
            quiet[0] = end == null || inFlight.isEmpty();
        });
        return quiet[0];
    }

    /**
     * The connection is over: what was not answered stands first in line for the next one, in its old order.
     *
     * @return whether anybody waits for the next one
     */
    boolean disconnect() {
        lock.lock();
        try {
            if (end == null) {
                return !line.isEmpty();
            }
            end = null;
            List<RingCall> unanswered = inFlight.removeAll();
            if (replayed) {
                line.addFirst(unanswered);
            } else {
                unanswered.forEach(RingCall::lost);
                finishAll(unanswered, Outcome.LOST);
            }
            return !line.isEmpty();
        } finally {
            lock.unlock();
        }
    }

    /** The device is gone: fails everything. */
    void close() {
        lock.lock();
        try {
            end = null;
            if (refusal == null) {
                refuse(Outcome.GONE);
            }
        } finally {
            lock.unlock();
        }
    }

    /** What this queue did so far. */
    public QueueCounters counters() {
        lock.lock();
        try {
            return new QueueCounters(finished, bytes, notifications, upcalls, sleepers.sleeps());
        } finally {
            lock.unlock();
        }
    }
}
