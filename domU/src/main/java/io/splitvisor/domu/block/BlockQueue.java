// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.domu.block;

import io.splitvisor.abi.io.BlkifResponse;
import io.splitvisor.abi.io.BlkifStatus;
import io.splitvisor.hypercall.AdaptiveSpin;
import io.splitvisor.ring.FrontRing;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;

/**
 * One ring of a disk. Any number of threads may submit, poll and wait: whoever waits looks for responses himself while he
 * spins, and only when that takes too long does he ask for an event and sleep.
 *
 * <p>Requests that the ring has no room for, or that come while there is no connection, wait in line. When a connection is
 * lost, what was not answered is submitted again on the next one.
 */
public final class BlockQueue {
    /** About fifty microseconds. */
    private static final int SPIN_TURNS = 1000;

    private static final int INDEX_MASK = 0xffff;

    private final BlockDevice device;
    private final int index;
    private final ReentrantLock lock = new ReentrantLock();
    private final AdaptiveSpin spin = new AdaptiveSpin(SPIN_TURNS);

    // Under the lock, unless said otherwise.
    /** Read without the lock to look for responses; null while there is no connection. */
    private volatile RingEnd end;

    private BlockIo[] inFlight = new BlockIo[0];
    private long[] ids = new long[0];
    private int[] freeIndexes = new int[0];
    private int freeCount;
    private BlockIo firstWaiting;
    private BlockIo lastWaiting;
    private BlockQueue redirect;
    private boolean paused;
    private int refusal;
    private long sequence;
    private int sleepers;
    private volatile Thread harvester;
    private long finished;
    private long finishedAtUpcall;
    private long requests;
    private long bytes;
    private long notifications;
    private long upcalls;
    private long sleeps;

    /** A ring and what is needed to use it. */
    record RingEnd(FrontRing ring, Runnable notifier, int backendDomid, BlockFeatures features) {}

    BlockQueue(BlockDevice device, int index) {
        this.device = device;
        this.index = index;
    }

    /** The queue's number on its disk. */
    public int index() {
        return index;
    }

    /** Submits a prepared request, and tells the back end if it wants to be told. */
    public void submit(BlockIo io) {
        BlockQueue other;
        boolean notify = false;
        lock.lock();
        try {
            other = redirect;
            if (other == null) {
                accept(io);
                notify = publish();
            }
        } finally {
            lock.unlock();
        }
        if (other != null) {
            other.submit(io);
        }
        if (notify) {
            send();
        }
    }

    /** Submits several prepared requests with one notification at most. */
    public void submit(BlockIo[] ios, int count) {
        BlockQueue other;
        boolean notify = false;
        lock.lock();
        try {
            other = redirect;
            if (other == null) {
                for (int i = 0; i < count; i++) {
                    accept(ios[i]);
                }
                notify = publish();
            }
        } finally {
            lock.unlock();
        }
        if (other != null) {
            other.submit(ios, count);
        }
        if (notify) {
            send();
        }
    }

    private void send() {
        RingEnd now = end;
        if (now != null) {
            now.notifier.run();
        }
    }

    private void accept(BlockIo io) {
        io.begin(this);
        io.sequence = sequence++;
        if (refusal != 0) {
            finish(io, refusal);
            return;
        }
        line(io);
        issue();
    }

    private void line(BlockIo io) {
        io.next = null;
        if (lastWaiting == null) {
            firstWaiting = io;
        } else {
            lastWaiting.next = io;
        }
        lastWaiting = io;
    }

    /** Puts waiting requests into the ring as long as there is room. */
    private void issue() {
        RingEnd now = end;
        if (now == null || paused) {
            return;
        }
        while (firstWaiting != null && freeCount > 0) {
            BlockIo io = firstWaiting;
            firstWaiting = io.next;
            if (firstWaiting == null) {
                lastWaiting = null;
            }
            io.next = null;
            if (!io.fits(now.features)) {
                // A back end that came back takes smaller requests than the one before.
                finish(io, BlkifStatus.EOPNOTSUPP);
                continue;
            }
            int slot = freeIndexes[--freeCount];
            // The upper bits change with every use, so that a response to an old request is told from one to this.
            long id = ids[slot] + INDEX_MASK + 1;
            ids[slot] = id;
            inFlight[slot] = io;
            io.put(now.ring.memory(), now.ring.claimRequest(), id, now.backendDomid, now.features.persistent());
        }
    }

    /** Publishes what was put into the ring; whether the back end wants to be told. */
    private boolean publish() {
        RingEnd now = end;
        if (now == null || now.ring.unpushedRequests() == 0) {
            return false;
        }
        boolean notify = now.ring.pushRequestsAndCheckNotify();
        if (notify) {
            notifications++;
        }
        return notify;
    }

    /**
     * Takes the responses that are there.
     *
     * @return how many requests are done now that were not before
     */
    public int poll() {
        RingEnd now = end;
        if (now == null || now.ring.unconsumedResponses() == 0) {
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

    /**
     * As {@link #poll}, but if there are none, waits for the first one: spinning for a while, then asleep. For one thread
     * at a time. Requests may be done without this thread having noticed yet, for the upcall thread takes responses, too:
     * look at each of them again, whatever this answers.
     *
     * @return how many requests are done now that were not before; 0 if there is nothing to wait for, the disk went away, or
     *     the thread was interrupted
     */
    public int pollOrWait() {
        int limit = spin.limit();
        for (int turn = 0; turn < limit; turn++) {
            RingEnd now = end;
            if (now != null && now.ring.unconsumedResponses() != 0) {
                int done = poll();
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
            lock.lock();
            try {
                before = before < 0 ? finished : before;
                reap();
                if (finished == before && !isIdle() && refusal == 0 && harvester == null && !me.isInterrupted()) {
                    harvester = me;
                    sleepers++;
                    sleeps++;
                    // This may find the response after all.
                    rearm();
                }
                done = (int) (finished - before);
                over = done > 0 || isIdle() || refusal != 0 || me.isInterrupted();
                if (over && harvester == me) {
                    harvester = null;
                    sleepers--;
                }
                notify = publish();
            } finally {
                lock.unlock();
            }
            if (notify) {
                send();
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

    /** Nothing is in flight, and nothing waits for a slot: no response will come. */
    private boolean isIdle() {
        return firstWaiting == null && freeCount == inFlight.length;
    }

    private int reap() {
        RingEnd now = end;
        if (now == null) {
            return 0;
        }
        FrontRing ring = now.ring;
        int pending = ring.takeableResponses();
        if (pending == FrontRing.OVERFLOW) {
            misbehaved("more responses than the ring holds");
            return 0;
        }
        int reaped = 0;
        for (; pending > 0; pending--) {
            long at = ring.takeResponse();
            long id = BlkifResponse.id(ring.memory(), at);
            int operation = BlkifResponse.operation(ring.memory(), at);
            int status = BlkifResponse.status(ring.memory(), at);
            int slot = (int) (id & INDEX_MASK);
            BlockIo io = slot < inFlight.length && ids[slot] == id ? inFlight[slot] : null;
            if (io == null || io.wireOperation() != operation) {
                misbehaved("a response to no request");
                return reaped;
            }
            if (!now.features.persistent() && !io.revoke()) {
                misbehaved("a page still mapped after the response");
                return reaped;
            }
            inFlight[slot] = null;
            freeIndexes[freeCount++] = slot;
            reaped++;
            finish(io, Math.min(status, 0));
        }
        if (firstWaiting != null) {
            issue();
        }
        return reaped;
    }

    private void finish(BlockIo io, int status) {
        requests++;
        finished++;
        wakeHarvester();
        if (status == 0) {
            bytes += io.bytes();
        }
        Thread waiter = io.waiter;
        if (waiter != null) {
            io.waiter = null;
            sleepers--;
        }
        io.end(status);
        if (waiter != null) {
            LockSupport.unpark(waiter);
        }
        io.announce();
    }

    private void wakeHarvester() {
        if (harvester != null) {
            LockSupport.unpark(harvester);
            harvester = null;
            sleepers--;
        }
    }

    /** The back end notified; whether requests are done that were not at its last notification. */
    boolean upcall() {
        boolean notify;
        boolean work;
        lock.lock();
        try {
            upcalls++;
            reap();
            rearm();
            notify = publish();
            work = finished != finishedAtUpcall;
            finishedAtUpcall = finished;
        } finally {
            lock.unlock();
        }
        if (notify) {
            send();
        }
        return work;
    }

    /** Sees to it that an event comes with the next response, if somebody sleeps until then. */
    private void rearm() {
        while (sleepers > 0 && end != null && end.ring.finalCheckForResponses() > 0) {
            reap();
        }
    }

    /** Waits for a request, on whatever queue it is. */
    static void await(BlockIo io) {
        BlockQueue first = io.queue;
        if (first.spin(io)) {
            return;
        }
        long start = System.nanoTime();
        boolean interrupted = false;
        while (!io.isDone()) {
            // Looked at once more, because what the call does on its way out may have used up the permit.
            if (io.queue.askForEvent(io) && !io.isDone()) {
                LockSupport.park(io);
                interrupted |= Thread.interrupted();
            }
        }
        first.spin.slept(System.nanoTime() - start);
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private boolean spin(BlockIo io) {
        int limit = spin.limit();
        for (int turn = 0; turn < limit; turn++) {
            if (io.isDone()) {
                spin.succeeded(turn);
                return true;
            }
            RingEnd now = end;
            if (now != null && now.ring.unconsumedResponses() != 0) {
                tryReap();
            } else {
                Thread.onSpinWait();
            }
        }
        spin.failed();
        return io.isDone();
    }

    private void tryReap() {
        boolean notify = false;
        if (lock.tryLock()) {
            try {
                reap();
                notify = publish();
            } finally {
                lock.unlock();
            }
        }
        if (notify) {
            send();
        }
    }

    /** False if the request is done after all, or has gone to another queue. */
    private boolean askForEvent(BlockIo io) {
        boolean sleep = false;
        boolean notify;
        lock.lock();
        try {
            reap();
            if (!io.isDone() && io.queue == this) {
                if (io.waiter == null) {
                    io.waiter = Thread.currentThread();
                    sleepers++;
                    sleeps++;
                }
                rearm();
                sleep = !io.isDone();
            }
            notify = publish();
        } finally {
            lock.unlock();
        }
        if (notify) {
            send();
        }
        return sleep;
    }

    private void misbehaved(String how) {
        end = null;
        refuse(BlockIo.STATUS_MISBEHAVED);
        device.misbehaved(how);
    }

    /** Fails everything from now on, and what is in line or in flight. */
    private void refuse(int status) {
        refusal = status;
        for (int slot = 0; slot < inFlight.length; slot++) {
            BlockIo io = inFlight[slot];
            if (io != null) {
                inFlight[slot] = null;
                io.lose();
                finish(io, status);
            }
        }
        while (firstWaiting != null) {
            BlockIo io = firstWaiting;
            firstWaiting = io.next;
            io.next = null;
            finish(io, status);
        }
        lastWaiting = null;
        wakeHarvester();
    }

    /** Goes to work on a fresh ring, with what is in line. */
    void connect(RingEnd fresh) {
        boolean notify;
        lock.lock();
        try {
            redirect = null;
            paused = false;
            int slots = fresh.ring.slots();
            inFlight = new BlockIo[slots];
            ids = new long[slots];
            freeIndexes = new int[slots];
            for (int i = 0; i < slots; i++) {
                ids[i] = i;
                freeIndexes[i] = slots - 1 - i;
            }
            freeCount = slots;
            end = fresh;
            issue();
            rearm();
            notify = publish();
        } finally {
            lock.unlock();
        }
        if (notify) {
            fresh.notifier.run();
        }
    }

    /**
     * This connection has fewer rings than there are queues: gives everything to another queue, now and later.
     *
     * @param other a queue with a smaller number, which is the order in which two of their locks are taken
     */
    void redirect(BlockQueue other) {
        lock.lock();
        other.lock.lock();
        try {
            redirect = other;
            BlockIo io = firstWaiting;
            while (io != null) {
                BlockIo after = io.next;
                io.queue = other;
                io.sequence = other.sequence++;
                other.line(io);
                io = after;
            }
            firstWaiting = null;
            lastWaiting = null;
            wakeHarvester();
            other.sleepers += sleepers;
            sleepers = 0;
        } finally {
            other.lock.unlock();
            lock.unlock();
        }
    }

    /** Puts nothing more into the ring. */
    void pause() {
        lock.lock();
        try {
            paused = true;
        } finally {
            lock.unlock();
        }
    }

    /** Whether nothing is in flight, after a look at the ring. */
    boolean isQuiet() {
        lock.lock();
        try {
            reap();
            return end == null || freeCount == inFlight.length;
        } finally {
            lock.unlock();
        }
    }

    /** The connection is over: what was not answered stands first in line for the next one, in its old order. */
    void disconnect() {
        lock.lock();
        try {
            if (end == null) {
                return;
            }
            end = null;
            List<BlockIo> unanswered = new ArrayList<>();
            for (int slot = 0; slot < inFlight.length; slot++) {
                if (inFlight[slot] != null) {
                    unanswered.add(inFlight[slot]);
                    inFlight[slot] = null;
                }
            }
            unanswered.sort(Comparator.comparingLong(io -> io.sequence));
            BlockIo rest = firstWaiting;
            firstWaiting = null;
            lastWaiting = null;
            unanswered.forEach(this::line);
            while (rest != null) {
                BlockIo io = rest;
                rest = io.next;
                line(io);
            }
        } finally {
            lock.unlock();
        }
    }

    /** The disk is gone: fails everything. */
    void close() {
        lock.lock();
        try {
            end = null;
            if (refusal == 0) {
                refuse(BlockIo.STATUS_GONE);
            }
        } finally {
            lock.unlock();
        }
    }

    /** What this queue did so far. */
    public QueueCounters counters() {
        lock.lock();
        try {
            return new QueueCounters(requests, bytes, notifications, upcalls, sleeps);
        } finally {
            lock.unlock();
        }
    }
}
