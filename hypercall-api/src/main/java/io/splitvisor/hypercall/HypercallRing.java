// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.hypercall;

import io.splitvisor.abi.MulticallEntry;
import io.splitvisor.abi.XenErrno;
import io.splitvisor.attach.CallMarker;
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
    /** Turns of a spin that others may have to wait for: less than a microsecond. */
    private static final int TURNS_WITH_LOCK = 20;

    private final FrontRing ring;
    private final EventFd bell;
    private final HypercallWaits waits;
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
     * @param bell Dom0's bell
     * @param sleep how this vCPU's upcall thread sleeps
     */
    public HypercallRing(MemorySegment ringPages, EventFd bell, UpcallSleep sleep) {
        this.ring = FrontRing.attach(ringPages, MulticallEntry.SIZE, 0, 0);
        this.bell = bell;
        this.waits = new HypercallWaits(this, sleep);
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
        for (long nanos = HypercallWaits.FIRST_PARK_NANOS; !trySend(port); nanos = HypercallWaits.longer(nanos)) {
            LockSupport.parkNanos(this, nanos);
        }
    }

    private boolean trySend(int port) {
        boolean notify = false;
        boolean done = true;
        HypercallBatch finished;
        lock.lock();
        try {
            finished = ring.isFull() ? takeAvailable(null) : null;
            if (!broken) {
                done = !ring.isFull();
                if (done) {
                    owners[slotIndex()] = null;
                    CallSlot.fillSend(ring, port);
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
        for (long nanos = HypercallWaits.FIRST_PARK_NANOS; !all; nanos = HypercallWaits.longer(nanos)) {
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
            // Not looked at without need: Dom0 is writing to the line that has the indices.
            finished = ring.freeRequests() < batch.unpublished() ? takeAvailable(null) : null;
            notify = publishPart(batch, allOrNothing);
            finished = broken || batch.cancelled() ? cutShort(batch, finished) : listen(finished);
            nothingLeft = !batch.hasUnpublished();
            if (nothingLeft && !notify && !batch.isComplete()) {
                finished = awaitInPlace(turns, finished);
            }
        } finally {
            lock.unlock();
        }
        conclude(notify, finished);
        return nothingLeft;
    }

    /**
     * With the lock held: waits a little for the answer to the last call in the ring. It is looked for where it will be, in
     * the call's own slot, which saves the way of one cache line: the indices lie in another. Calls are answered in order,
     * so what came before is answered, too.
     */
    private HypercallBatch awaitInPlace(int turns, HypercallBatch finished) {
        for (int left = turns; left > 0; left--) {
            if (CallSlot.isLastAnswered(ring)) {
                return takeUpTo(ring.reqProdPvt(), finished);
            }
            Thread.onSpinWait();
        }
        return finished;
    }

    /** With the lock held: puts calls into the ring; whether Dom0 wants its bell rung. */
    private boolean publishPart(HypercallBatch batch, boolean allOrNothing) {
        int first = batch.published();
        int calls = Math.min(batch.size() - first, ring.freeRequests());
        if (broken || batch.cancelled() || calls == 0 || (allOrNothing && calls < batch.size())) {
            return false;
        }
        long unanswered = calls == 1 ? CallMarker.HANDED_OVER : CallSlot.UNANSWERED;
        for (int next = first; next < first + calls; next++) {
            owners[slotIndex()] = batch;
            CallSlot.fill(ring, batch, next, unanswered);
        }
        if (first == 0 && batch.hasListener()) {
            sleepers(1);
        }
        batch.published(first + calls);
        return publish(calls);
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
                        MulticallEntry.op(ring.slot(request), 0, HypercallBatch.CANCELLED);
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

    private int slotIndex() {
        return ring.reqProdPvt() & (owners.length - 1);
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
        return !hasNothingToTake() && !broken;
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
        while (sleepers > 0 && !broken && !askForNotification()) {
            list = takeAvailable(list);
        }
        return list;
    }

    /** {@code RING_FINAL_CHECK_FOR_RESPONSES}: whether there is nothing to take, and Dom0 will tell of the next response. */
    private boolean askForNotification() {
        if (!hasNothingToTake()) {
            return false;
        }
        ring.requestResponseEvent();
        return hasNothingToTake();
    }

    /**
     * Whether all responses that {@code rsp_prod} tells of are taken. What a caller found in its slot was taken before that
     * index said so: then it is behind, for a moment.
     */
    private boolean hasNothingToTake() {
        int available = ring.unconsumedResponses();
        return available <= 0 && available >= -owners.length;
    }

    private HypercallBatch takeAvailable(HypercallBatch finished) {
        if (broken) {
            return finished;
        }
        int available = ring.unconsumedResponses();
        int outstanding = ring.reqProdPvt() - ring.rspCons();
        if (available > outstanding || available < -owners.length) {
            return breakOff(
                    Integer.toUnsignedString(available) + " responses to " + outstanding + " hypercalls", finished);
        }
        return available > 0 ? takeUpTo(ring.rspCons() + available, finished) : finished;
    }

    private HypercallBatch takeUpTo(int end, HypercallBatch finished) {
        HypercallBatch list = finished;
        while (ring.rspCons() != end) {
            list = takeOne(false, list);
        }
        return list;
    }

    private HypercallBatch takeOne(boolean lost, HypercallBatch finished) {
        int slot = ring.rspCons() & (owners.length - 1);
        MemorySegment entry = ring.takeResponse();
        long result = lost ? -XenErrno.EIO : MulticallEntry.result(entry, 0);
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
        waits.await(batch, how, nanos);
    }

    /** Takes the responses that are there, if nobody else is about to. */
    boolean tryTakeResponses() {
        if (!hasResponses() || !lock.tryLock()) {
            return false;
        }
        HypercallBatch finished;
        try {
            finished = takeAvailable(null);
        } finally {
            lock.unlock();
        }
        conclude(false, finished);
        return true;
    }

    /** One thread more, or less, that sleeps until its batch is complete. */
    void sleeper(int change) {
        lock.lock();
        sleepers(change);
        lock.unlock();
    }

    /** Takes what is there; if the batch is not complete then, Dom0 will notify the next response. */
    boolean takeOrAskForNotification(HypercallBatch batch) {
        HypercallBatch finished;
        lock.lock();
        try {
            finished = takeAvailable(null);
            while (!batch.isComplete() && !broken && !askForNotification()) {
                finished = takeAvailable(finished);
            }
        } finally {
            lock.unlock();
        }
        conclude(false, finished);
        return batch.isComplete();
    }
}
