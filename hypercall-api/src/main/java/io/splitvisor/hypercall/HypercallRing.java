// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.hypercall;

import io.splitvisor.abi.Hypercall;
import io.splitvisor.abi.MulticallEntry;
import io.splitvisor.abi.XenErrno;
import io.splitvisor.abi.evtchn.EventChannelOp;
import io.splitvisor.abi.evtchn.EvtchnSend;
import io.splitvisor.host.EventFd;
import io.splitvisor.ring.FrontRing;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A vCPU's hypercall ring, for any number of threads. One lock covers claiming, publishing and taking responses; nobody
 * waits while holding it. Results go from the ring to the batch that owns the call as soon as anybody looks, so a slot is
 * never held up by a slow reader.
 *
 * <p>Who waits: a thread spins for a while, and takes responses out of the ring itself when they appear. Then it asks for
 * a notification ({@code rsp_event}), looks once more, and parks; the upcall thread, which alone sleeps on the bell, calls
 * {@link #takeResponses} whenever it wakes and before it sleeps, and completion unparks. The upcall thread itself, waiting
 * in a handler, sleeps on the bell in the same way. A parked thread also looks by itself from time to time, for the
 * upcall thread may be held up in a handler that waits for just this thread.
 */
public final class HypercallRing {
    private static final int SPIN_TURNS = 2000;
    private static final long FIRST_PARK_NANOS = 100_000;
    private static final long LONGEST_PARK_NANOS = 50_000_000;

    private final FrontRing ring;
    private final MemorySegment slots;
    private final MemorySegment memory;
    private final long sendArguments;
    private final EventFd bell;
    private final UpcallSleep sleep;
    private final AdaptiveSpin spin = new AdaptiveSpin(SPIN_TURNS);
    private final ReentrantLock lock = new ReentrantLock();

    // All of these with the lock held.
    private final HypercallBatch[] owners;
    private String brokenBy = "";
    private long submitted;
    private long rings;
    private long failedSends;

    private volatile boolean broken;

    /**
     * @param ringPages the vCPU's ring, initialised by Dom0
     * @param memory guest-physical memory
     * @param sendArguments guest-physical address of {@link HypercallBatch#ARGUMENT_BYTES} bytes for each slot
     * @param bell Dom0's bell
     * @param sleep how this vCPU's upcall thread sleeps
     */
    public HypercallRing(
            MemorySegment ringPages, MemorySegment memory, long sendArguments, EventFd bell, UpcallSleep sleep) {
        this.ring = FrontRing.attach(ringPages, MulticallEntry.SIZE, 0, 0);
        this.slots = ringPages;
        this.memory = memory;
        this.sendArguments = sendArguments;
        this.bell = bell;
        this.sleep = sleep;
        this.owners = new HypercallBatch[ring.slots()];
    }

    /** Calls that the ring holds. */
    public int slots() {
        return owners.length;
    }

    /** Hypercalls made so far. */
    public long submitted() {
        lock.lock();
        try {
            return submitted;
        } finally {
            lock.unlock();
        }
    }

    /** How often Dom0 had to be woken for them. */
    public long rings() {
        lock.lock();
        try {
            return rings;
        } finally {
            lock.unlock();
        }
    }

    /** Sends of {@link #send} that failed; the port was closed, most likely. */
    public long failedSends() {
        lock.lock();
        try {
            return failedSends;
        } finally {
            lock.unlock();
        }
    }

    /**
     * {@code EVTCHNOP_send} without waiting for the result: the way to notify a back end. Waits only if the ring is full.
     */
    public void send(int port) {
        for (long nanos = FIRST_PARK_NANOS; !trySend(port); nanos = longer(nanos)) {
            LockSupport.parkNanos(this, nanos);
        }
    }

    private boolean trySend(int port) {
        boolean notify;
        lock.lock();
        try {
            takeAvailable();
            if (broken) {
                return true;
            }
            if (ring.isFull()) {
                return false;
            }
            long argument = sendArguments + (long) slotIndex() * HypercallBatch.ARGUMENT_BYTES;
            EvtchnSend.port(memory, argument, port);
            long at = claim(null);
            MulticallEntry.op(slots, at, Hypercall.EVENT_CHANNEL_OP);
            MulticallEntry.args(slots, at, 0, EventChannelOp.SEND);
            MulticallEntry.args(slots, at, 1, argument);
            notify = publish(1);
        } finally {
            lock.unlock();
        }
        if (notify) {
            bell.signal();
        }
        return true;
    }

    void submit(HypercallBatch batch) {
        int next = submitFrom(batch, 0);
        for (long nanos = FIRST_PARK_NANOS; next < batch.size(); nanos = longer(nanos)) {
            LockSupport.parkNanos(this, nanos);
            next = submitFrom(batch, next);
        }
    }

    private int submitFrom(HypercallBatch batch, int first) {
        boolean notify;
        int next = first;
        lock.lock();
        try {
            takeAvailable();
            if (broken) {
                for (; next < batch.size(); next++) {
                    batch.complete(-XenErrno.EIO);
                }
                return next;
            }
            int end = Math.min(batch.size(), first + ring.freeRequests());
            for (; next < end; next++) {
                long at = claim(batch);
                MulticallEntry.op(slots, at, batch.staged(next, 0));
                for (int arg = 0; arg < MulticallEntry.NR_ARGS; arg++) {
                    MulticallEntry.args(slots, at, arg, batch.staged(next, 1 + arg));
                }
            }
            notify = next > first && publish(next - first);
        } finally {
            lock.unlock();
        }
        if (notify) {
            bell.signal();
        }
        return next;
    }

    private static long longer(long nanos) {
        return Math.min(2 * nanos, LONGEST_PARK_NANOS);
    }

    private int slotIndex() {
        return ring.reqProdPvt() & (owners.length - 1);
    }

    private long claim(HypercallBatch owner) {
        owners[slotIndex()] = owner;
        return ring.claimRequest();
    }

    private boolean publish(int calls) {
        submitted += calls;
        boolean notify = ring.pushRequestsAndCheckNotify();
        if (notify) {
            rings++;
        }
        return notify;
    }

    /** Whether responses wait in the ring. Any thread, without the lock; a hint. */
    public boolean hasResponses() {
        return ring.unconsumedResponses() != 0 && !broken;
    }

    /** Hands results that have come to those who wait for them. Any thread. */
    public void takeResponses() {
        lock.lock();
        try {
            takeAvailable();
        } finally {
            lock.unlock();
        }
    }

    private void takeAvailable() {
        if (broken) {
            return;
        }
        int available = ring.unconsumedResponses();
        int outstanding = ring.reqProdPvt() - ring.rspCons();
        if (Integer.compareUnsigned(available, outstanding) > 0) {
            breakOff(available + " responses to " + outstanding + " hypercalls");
            return;
        }
        for (; available > 0; available--) {
            takeOne(false);
        }
    }

    private void takeOne(boolean lost) {
        int slot = ring.rspCons() & (owners.length - 1);
        long at = ring.takeResponse();
        long result = lost ? -XenErrno.EIO : MulticallEntry.result(slots, at);
        HypercallBatch owner = owners[slot];
        owners[slot] = null;
        if (owner != null) {
            owner.complete(result);
        } else if (result != 0) {
            failedSends++;
        }
    }

    /** Dom0 is gone or mad: whatever is under way, and whatever comes, ends with -EIO. */
    public void fail(String reason) {
        lock.lock();
        try {
            if (!broken) {
                breakOff(reason);
            }
        } finally {
            lock.unlock();
        }
    }

    private void breakOff(String reason) {
        brokenBy = reason;
        broken = true;
        while (ring.reqProdPvt() != ring.rspCons()) {
            takeOne(true);
        }
    }

    /** Why hypercalls fail; empty while they do not. */
    public String brokenBy() {
        return broken ? brokenBy : "";
    }

    void await(HypercallBatch batch) {
        if (spinFor(batch)) {
            return;
        }
        long start = System.nanoTime();
        if (sleep.isOwner()) {
            sleepFor(batch);
        } else {
            parkFor(batch);
        }
        spin.slept(System.nanoTime() - start);
    }

    private boolean spinFor(HypercallBatch batch) {
        int limit = spin.limit();
        for (int turn = 0; turn < limit; turn++) {
            if (batch.isComplete()) {
                spin.succeeded(turn);
                return true;
            }
            if (hasResponses() && lock.tryLock()) {
                try {
                    takeAvailable();
                } finally {
                    lock.unlock();
                }
            } else {
                Thread.onSpinWait();
            }
        }
        spin.failed();
        return batch.isComplete();
    }

    /** The upcall thread waits: on the bell, as it always does. Events that ring it meanwhile are looked at afterwards. */
    private void sleepFor(HypercallBatch batch) {
        while (!batch.isComplete()) {
            sleep.arm();
            if (!takeOrAskForNotification(batch)) {
                sleep.sleep(-1);
            }
            sleep.disarm();
        }
    }

    private void parkFor(HypercallBatch batch) {
        boolean interrupted = false;
        long nanos = FIRST_PARK_NANOS;
        batch.waiter(Thread.currentThread());
        try {
            while (!takeOrAskForNotification(batch)) {
                LockSupport.parkNanos(this, nanos);
                interrupted |= Thread.interrupted();
                nanos = longer(nanos);
            }
        } finally {
            batch.waiter(null);
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Takes what is there; if the batch is not complete then, Dom0 will notify the next response. */
    private boolean takeOrAskForNotification(HypercallBatch batch) {
        lock.lock();
        try {
            takeAvailable();
            while (!batch.isComplete() && ring.finalCheckForResponses() != 0) {
                takeAvailable();
            }
            return batch.isComplete();
        } finally {
            lock.unlock();
        }
    }
}
