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

    /** A mask: turns between two offers of the processor to somebody else. */
    private static final int TURNS_PER_LOOK = 255;

    /** Turns of a spin that others may have to wait for: less than a microsecond. */
    private static final int TURNS_WITH_LOCK = 20;

    private static final long NANOS_PER_MILLI = 1_000_000;
    private static final long FIRST_PARK_NANOS = 100_000;
    private static final long LONGEST_PARK_NANOS = 50_000_000;

    private final FrontRing ring;
    private final MemorySegment slots;
    private final MemorySegment memory;
    private final long sendArguments;
    private final EventFd bell;
    private final UpcallSleep sleep;
    private final AdaptiveSpin spin = new AdaptiveSpin(SPIN_TURNS);
    private final ShortLock lock = new ShortLock();

    // All of these with the lock held.
    private final HypercallBatch[] owners;
    private String brokenBy = "";
    /** Batches with listeners, and threads that park until theirs is complete: Dom0 has to wake the upcall thread. */
    private volatile int sleepers;

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
        boolean notify = false;
        boolean done = true;
        HypercallBatch finished;
        lock.lock();
        try {
            finished = takeAvailable(null);
            if (!broken) {
                done = !ring.isFull();
                if (done) {
                    long argument = sendArguments + (long) slotIndex() * HypercallBatch.ARGUMENT_BYTES;
                    EvtchnSend.port(memory, argument, port);
                    long at = claim(null);
                    MulticallEntry.op(slots, at, Hypercall.EVENT_CHANNEL_OP);
                    MulticallEntry.args(slots, at, 0, EventChannelOp.SEND);
                    MulticallEntry.args(slots, at, 1, argument);
                    notify = publish(1);
                }
            }
        } finally {
            lock.unlock();
        }
        conclude(notify, finished);
        return done;
    }

    void submit(HypercallBatch batch) {
        boolean all = submitPart(batch, false, 0);
        for (long nanos = FIRST_PARK_NANOS; !all; nanos = longer(nanos)) {
            LockSupport.parkNanos(this, nanos);
            all = submitPart(batch, false, 0);
        }
    }

    boolean trySubmit(HypercallBatch batch) {
        return submitPart(batch, true, 0);
    }

    /** Submits and waits. */
    void run(HypercallBatch batch, HypercallWait how) {
        if (!submitPart(batch, false, how == HypercallWait.SLEEP ? 0 : TURNS_WITH_LOCK)) {
            submit(batch);
        }
        if (!batch.isComplete()) {
            await(batch, how, Long.MAX_VALUE);
        }
    }

    /**
     * Publishes as much of a batch as there is room for, or all or nothing.
     *
     * @param turns to spin for the results while the lock is held: as long as Dom0 is awake the answer is here before the lock
     *     is worth giving back, and taking it once more for the answer would cost a tenth of a call
     * @return whether nothing is left to publish
     */
    private boolean submitPart(HypercallBatch batch, boolean allOrNothing, int turns) {
        boolean notify;
        HypercallBatch finished;
        boolean nothingLeft;
        lock.lock();
        try {
            finished = takeAvailable(null);
            notify = publishPart(batch, allOrNothing);
            finished = broken || batch.cancelled() ? cutShort(batch, finished) : listen(finished);
            nothingLeft = !batch.hasUnpublished();
            int left = nothingLeft && !notify ? turns : 0;
            for (; left > 0 && !batch.isComplete(); left--) {
                if (hasResponses()) {
                    finished = takeAvailable(finished);
                } else {
                    Thread.onSpinWait();
                }
            }
        } finally {
            lock.unlock();
        }
        conclude(notify, finished);
        return nothingLeft;
    }

    /** With the lock held: puts calls into the ring; whether Dom0 wants its bell rung. */
    private boolean publishPart(HypercallBatch batch, boolean allOrNothing) {
        int first = batch.published();
        int calls = Math.min(batch.size() - first, ring.freeRequests());
        if (broken || batch.cancelled() || calls == 0 || (allOrNothing && calls < batch.size())) {
            return false;
        }
        for (int next = first; next < first + calls; next++) {
            stage(batch, next);
        }
        if (first == 0 && batch.hasListener()) {
            sleepers(1);
        }
        batch.published(first + calls);
        return publish(calls);
    }

    private void stage(HypercallBatch batch, int call) {
        long at = claim(batch);
        MulticallEntry.op(slots, at, batch.staged(call, 0));
        for (int arg = 0; arg < MulticallEntry.NR_ARGS; arg++) {
            MulticallEntry.args(slots, at, arg, batch.staged(call, 1 + arg));
        }
    }

    void cancel(HypercallBatch batch) {
        HypercallBatch finished;
        lock.lock();
        try {
            finished = takeAvailable(null);
            if (!batch.isComplete() && !batch.cancelled()) {
                batch.markCancelled();
                // The monitor reads an operation once: it has begun, or finds that there is nothing to do.
                for (int request = ring.rspCons(); request != ring.reqProdPvt(); request++) {
                    int slot = request & (owners.length - 1);
                    if (owners[slot] == batch) {
                        MulticallEntry.op(slots, ring.slot(request), HypercallBatch.CANCELLED);
                    }
                }
                finished = cutShort(batch, finished);
            }
        } finally {
            lock.unlock();
        }
        conclude(false, finished);
    }

    private HypercallBatch cutShort(HypercallBatch batch, HypercallBatch finished) {
        if (!batch.hasUnpublished()) {
            return finished;
        }
        boolean counted = batch.published() > 0;
        return batch.cutShort(broken ? XenErrno.EIO : XenErrno.EINTR) ? completed(batch, counted, finished) : finished;
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

    /** After the lock: rings Dom0's bell, and calls the listeners of batches that are complete. */
    private void conclude(boolean notify, HypercallBatch finished) {
        if (notify) {
            bell.signal();
        }
        HypercallBatch batch = finished;
        while (batch != null) {
            HypercallBatch next = batch.nextFinished;
            batch.nextFinished = null;
            batch.finish();
            batch = next;
        }
    }

    /** Whether responses wait in the ring. Any thread, without the lock; a hint. */
    boolean hasResponses() {
        return ring.unconsumedResponses() != 0 && !broken;
    }

    /**
     * Upcall thread: whether responses wait that it should take, because somebody sleeps until they come, or is to be
     * called back. Who spins for a response takes it himself: two threads that spin for the same one are one too many.
     */
    public boolean hasWork() {
        return sleepers > 0 && hasResponses();
    }

    /** Hands results that have come to those who wait for them. Any thread. */
    public void takeResponses() {
        HypercallBatch finished;
        lock.lock();
        try {
            finished = listen(takeAvailable(null));
        } finally {
            lock.unlock();
        }
        conclude(false, finished);
    }

    int completedOf(HypercallBatch batch) {
        lock.lock();
        try {
            return batch.results();
        } finally {
            lock.unlock();
        }
    }

    /** With the lock held, which makes this atomic. */
    private void sleepers(int change) {
        int now = sleepers;
        sleepers = now + change;
    }

    /** Somebody sleeps, or is to be called back: Dom0 has to wake the upcall thread. What has come meanwhile is taken. */
    private HypercallBatch listen(HypercallBatch finished) {
        HypercallBatch list = finished;
        while (sleepers > 0 && !broken && ring.finalCheckForResponses() != 0) {
            list = takeAvailable(list);
        }
        return list;
    }

    private HypercallBatch takeAvailable(HypercallBatch finished) {
        if (broken) {
            return finished;
        }
        int available = ring.unconsumedResponses();
        int outstanding = ring.reqProdPvt() - ring.rspCons();
        if (Integer.compareUnsigned(available, outstanding) > 0) {
            return breakOff(available + " responses to " + outstanding + " hypercalls", finished);
        }
        HypercallBatch list = finished;
        for (; available > 0; available--) {
            list = takeOne(false, list);
        }
        return list;
    }

    private HypercallBatch takeOne(boolean lost, HypercallBatch finished) {
        int slot = ring.rspCons() & (owners.length - 1);
        long at = ring.takeResponse();
        long result = lost ? -XenErrno.EIO : MulticallEntry.result(slots, at);
        HypercallBatch owner = owners[slot];
        owners[slot] = null;
        if (owner == null) {
            if (result != 0) {
                failedSends++;
            }
            return finished;
        }
        return owner.complete(result) ? completed(owner, true, finished) : finished;
    }

    /** Whoever has no listeners is complete at once; the others when they are called, without the lock. */
    private HypercallBatch completed(HypercallBatch batch, boolean counted, HypercallBatch finished) {
        if (!batch.hasListener()) {
            batch.publishCompletion();
            return finished;
        }
        if (counted) {
            sleepers(-1);
        }
        batch.nextFinished = finished;
        return batch;
    }

    /** Dom0 is gone or mad: whatever is under way, and whatever comes, ends with -EIO. */
    public void fail(String reason) {
        HypercallBatch finished = null;
        lock.lock();
        try {
            if (!broken) {
                finished = breakOff(reason, null);
            }
        } finally {
            lock.unlock();
        }
        conclude(false, finished);
    }

    private HypercallBatch breakOff(String reason, HypercallBatch finished) {
        brokenBy = reason;
        broken = true;
        HypercallBatch list = finished;
        while (ring.reqProdPvt() != ring.rspCons()) {
            list = takeOne(true, list);
        }
        return list;
    }

    /** Why hypercalls fail; empty while they do not. */
    public String brokenBy() {
        return broken ? brokenBy : "";
    }

    /** Waits for a batch for some time, not counting the spin; it may still be under way afterwards. */
    void await(HypercallBatch batch, HypercallWait how, long nanos) {
        boolean done =
                switch (how) {
                    case SPIN -> spinFor(batch, Long.MAX_VALUE, nanos);
                    case ADAPTIVE -> spinFor(batch, spin.limit(), nanos);
                    case SLEEP -> batch.isComplete();
                };
        if (done || how == HypercallWait.SPIN) {
            return;
        }
        long start = System.nanoTime();
        if (sleep.isOwner()) {
            sleepFor(batch, start, nanos);
        } else {
            parkFor(batch, start, nanos);
        }
        spin.slept(System.nanoTime() - start);
    }

    private boolean spinFor(HypercallBatch batch, long limit, long nanos) {
        long start = 0;
        for (long turn = 0; turn < limit; turn++) {
            if (batch.isComplete()) {
                spin.succeeded((int) Math.min(turn, SPIN_TURNS));
                return true;
            }
            if (hasResponses() && lock.tryLock()) {
                takeAndUnlock();
            } else {
                Thread.onSpinWait();
            }
            if ((turn & TURNS_PER_LOOK) == TURNS_PER_LOOK) {
                // Whoever is waited for may need this very processor. The clock is not worth a look before.
                Thread.yield();
                long now = System.nanoTime();
                start = start == 0 ? now : start;
                if (now - start >= nanos) {
                    return batch.isComplete();
                }
            }
        }
        spin.failed();
        return batch.isComplete();
    }

    private void takeAndUnlock() {
        HypercallBatch finished;
        try {
            finished = takeAvailable(null);
        } finally {
            lock.unlock();
        }
        conclude(false, finished);
    }

    /** The upcall thread waits: on the bell, as it always does. Events that ring it meanwhile are looked at afterwards. */
    private void sleepFor(HypercallBatch batch, long start, long nanos) {
        long left = nanos;
        while (!batch.isComplete() && left > 0) {
            sleep.arm();
            if (!takeOrAskForNotification(batch)) {
                sleep.sleep(left >= Integer.MAX_VALUE * NANOS_PER_MILLI ? -1 : (int) (left / NANOS_PER_MILLI) + 1);
            }
            sleep.disarm();
            left = nanos - (System.nanoTime() - start);
        }
    }

    private void parkFor(HypercallBatch batch, long start, long nanos) {
        boolean interrupted = false;
        long pause = FIRST_PARK_NANOS;
        long left = nanos;
        batch.waiter(Thread.currentThread());
        sleeper(1);
        try {
            while (!takeOrAskForNotification(batch) && left > 0) {
                LockSupport.parkNanos(this, Math.min(pause, left));
                interrupted |= Thread.interrupted();
                pause = longer(pause);
                left = nanos - (System.nanoTime() - start);
            }
        } finally {
            sleeper(-1);
            batch.waiter(null);
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private void sleeper(int change) {
        lock.lock();
        sleepers(change);
        lock.unlock();
    }

    /** Takes what is there; if the batch is not complete then, Dom0 will notify the next response. */
    private boolean takeOrAskForNotification(HypercallBatch batch) {
        HypercallBatch finished;
        lock.lock();
        try {
            finished = takeAvailable(null);
            while (!batch.isComplete() && !broken && ring.finalCheckForResponses() != 0) {
                finished = takeAvailable(finished);
            }
        } finally {
            lock.unlock();
        }
        conclude(false, finished);
        return batch.isComplete();
    }
}
