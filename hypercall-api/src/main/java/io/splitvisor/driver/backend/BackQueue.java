// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.backend;

import io.splitvisor.backend.EventChannel;
import io.splitvisor.backend.IoLoop;
import io.splitvisor.driver.Protocol;
import io.splitvisor.driver.Status;
import io.splitvisor.driver.Verdict;
import io.splitvisor.ring.BackRing;
import io.splitvisor.ring.BoundedQueue;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Serves one ring of a device. Everything but {@link #post} happens in one loop: no locks, and nothing made per request.
 *
 * <p>A request object is free; or taken, and then in the driver's hands, or on its way back in {@link #returned}.
 */
final class BackQueue implements ServedRing {
    /** Requests taken in one turn, so that the domain's other rings get theirs. */
    private static final int SLICE = 64;

    /** Responses published at a time while there are more to come: a front end that is awake goes on with them. */
    private static final int BATCH = 4;

    /** Responses after which a front end that sleeps is woken, whether or not there are more to come. */
    private static final int NOTIFIED_BATCH = 16;

    /** Nor are this many bytes held back: the front end can use one large piece while the next is moved. */
    private static final long BATCH_BYTES = 1 << 16;

    private static final String COMPLETED_TWICE = "a request was completed twice";

    private final IoLoop loop;
    private final int domid;
    private final int index;
    private final BackendDevice device;
    private final Protocol protocol;
    private final BackRing ring;
    private final long responseBytes;
    private final GrantPages grants;
    private final Listener listener;
    private final RequestPool pool;
    private final BoundedQueue<SlotRequest> returned;
    private final QueueCounters counters = new QueueCounters();

    /** Counts the times that the thread went into the driver's hooks and came out: odd while it is in there. */
    private final AtomicLong turns = new AtomicLong();

    private EventChannel channel;

    /** The request that wants to be alone, if there is one. */
    private SlotRequest alone;

    private boolean aloneStarted;

    /** The request that a hook was given last. */
    private SlotRequest current;

    /** The thread that serves right now. Whoever finds itself here is it; all others may see anything else. */
    private Thread server;

    /** When this turn began; 0 if nobody has asked yet, for it is not looked up for nothing. */
    private long clock;

    // Of the responses that are not pushed yet.
    private int unpushedFailed;
    private long unpushedBytes;

    private boolean halted;
    private boolean drained;
    private Runnable whenDrained;
    private volatile boolean failed;
    private volatile boolean abandoned;

    /** Who is told what the queue cannot settle itself. Called in the loop. */
    interface Listener {
        /** The front end broke the rules of the ring, which is not served any more. */
        void misbehaved(String how);

        /** The queue came to an unexpected end. */
        void failed(RuntimeException cause);
    }

    /** What all queues of a connection have in common. */
    record Setting(
            IoLoop loop, int domid, BackendDevice device, Protocol protocol, SlotLayout layout, Listener listener) {}

    BackQueue(Setting setting, int index, BackRing ring, GrantPages grants) {
        this.loop = setting.loop;
        this.domid = setting.domid;
        this.device = setting.device;
        this.protocol = setting.protocol;
        this.listener = setting.listener;
        this.index = index;
        this.ring = ring;
        this.responseBytes = Math.min(protocol.response().size(), setting.layout.slotSize());
        this.grants = grants;
        this.pool = new RequestPool(this, protocol, setting.layout, ring.slots());
        this.returned = new BoundedQueue<>(ring.slots());
    }

    @Override
    public void notifyThrough(EventChannel eventChannel) {
        channel = eventChannel;
    }

    /** Shows the request objects to the driver. */
    void prepare() {
        pool.forEach(device::prepare);
    }

    long batchTime() {
        if (clock == 0) {
            clock = System.nanoTime();
        }
        return clock;
    }

    int index() {
        return index;
    }

    @Override
    public QueueCounters counters() {
        return counters;
    }

    GrantPages grants() {
        return grants;
    }

    /** The grants, which only the loop may change. */
    GrantPages grantsInHook() {
        if (server != Thread.currentThread()) {
            throw new IllegalStateException("pages are mapped in request() and resumed() only");
        }
        return grants;
    }

    @Override
    public long turn() {
        return turns.getOpaque();
    }

    @Override
    public int domid() {
        return domid;
    }

    @Override
    public int serve() {
        if (drained) {
            // A late wake-up.
            return 0;
        }
        boolean work = !returned.isEmpty() || (!halted && ring.unconsumedRequests() > 0);
        if (!work) {
            return 0;
        }
        begin();
        try {
            int moved = takeReturned() + startAlone();
            if (!halted) {
                moved += takeRequests();
            }
            if (moved > 0) {
                device.batchEnd();
                checkInTime();
                publish();
            }
            return moved;
        } catch (Error e) {
            // Of a driver made for another kit, say; the loop must not end for that.
            throw new IllegalStateException(e);
        } finally {
            end();
        }
    }

    private void begin() {
        clock = 0;
        turns.setOpaque(turns.getPlain() + 1);
        server = Thread.currentThread();
    }

    private void end() {
        server = null;
        turns.setOpaque(turns.getPlain() + 1);
    }

    private int takeRequests() {
        int taken = 0;
        while (taken < SLICE && alone == null && !halted) {
            int available = Math.min(ring.takeableRequests(), SLICE - taken);
            if (available == BackRing.OVERFLOW) {
                misbehaved("published more requests than the ring holds");
            }
            if (available <= 0) {
                break;
            }
            // Before a hook has them: one that does not return has what why-stuck shows.
            counters.add(QueueCounters.TAKEN, available);
            int done = 0;
            try {
                while (done < available && alone == null && !halted) {
                    take();
                    done++;
                }
            } finally {
                counters.add(QueueCounters.TAKEN, done - available);
            }
            taken += done;
        }
        return taken;
    }

    private void misbehaved(String how) {
        halted = true;
        listener.misbehaved(how);
    }

    private void take() {
        SlotRequest request = pool.take(ring);
        inHook(request);
        Verdict verdict = request.begin();
        if (verdict == Verdict.OKAY) {
            hand(request, false);
        } else {
            refuse(request, verdict);
            settle(request);
        }
    }

    private void hand(SlotRequest request, boolean again) {
        try {
            if (again) {
                device.resumed(request);
            } else {
                device.request(request);
            }
        } catch (RefusedException e) {
            refuse(request, Verdict.MALFORMED);
        }
        settle(request);
    }

    /** A hook has returned: answers its request, if that was completed. */
    private void settle(SlotRequest request) {
        checkInTime();
        if (request.completed) {
            respond(request);
        }
        request.inHook = false;
    }

    private void inHook(SlotRequest request) {
        request.inHook = true;
        if (current != request) {
            current = request;
        }
    }

    /** A hook that nobody waits for any more: what it was given is not used again, and the rings are somebody else's. */
    private void checkInTime() {
        if (abandoned) {
            throw new IllegalStateException("the driver's hook has returned too late");
        }
    }

    /** If the hook does return, its request is not used any more. */
    @Override
    public void abandon() {
        abandoned = true;
    }

    /** Answers what the driver is not asked, or could not map. */
    private void refuse(SlotRequest request, Verdict verdict) {
        Status status = protocol.status().orElse(null);
        if (status == null) {
            // Without a way to say so there is no answer; the connection ends.
            misbehaved("sent a request that " + protocol + " does not allow");
            drop(request);
            return;
        }
        request.refuse(verdict == Verdict.UNSUPPORTED ? status.unsupported() : status.error());
        complete(request);
    }

    /** Hands the request over again that wants to be alone, when it is. */
    private int startAlone() {
        if (alone == null || aloneStarted || inFlight() != 1) {
            return 0;
        }
        aloneStarted = true;
        inHook(alone);
        hand(alone, false);
        return 1;
    }

    boolean exclusive(SlotRequest request) {
        if (alone != request) {
            alone = request;
            aloneStarted = inFlight() == 1;
        }
        return aloneStarted;
    }

    /**
     * The driver is done with a request. Any thread. One that a hook has in its hands is answered when the hook returns, not
     * from within: so the compiler sees the driver and the answer as two things side by side, and inlines both.
     */
    void complete(SlotRequest request) {
        if (server != Thread.currentThread()) {
            post(request, false);
        } else if (!request.inHook) {
            respond(request);
        } else if (request.completed) {
            throw new IllegalStateException(COMPLETED_TWICE);
        } else {
            request.completed = true;
        }
    }

    /** Sends a request to the loop. Any thread. */
    void post(SlotRequest request, boolean resumed) {
        request.resumed = resumed;
        // There are as many places as requests.
        if (!returned.offer(request)) {
            throw new IllegalStateException(COMPLETED_TWICE);
        }
        if (failed) {
            loop.execute(this::drainAfterFailure);
        } else {
            loop.wake(this);
        }
    }

    private int takeReturned() {
        int count = 0;
        SlotRequest request = returned.poll();
        while (request != null) {
            if (!request.resumed) {
                respond(request);
            } else {
                inHook(request);
                hand(request, true);
            }
            count++;
            request = count < SLICE ? returned.poll() : null;
        }
        return count;
    }

    private void respond(SlotRequest request) {
        if (!request.taken) {
            throw new IllegalStateException(COMPLETED_TWICE);
        }
        request.release(grants);
        request.respond(ring.claimResponseAt(), responseBytes);
        unpushedBytes += request.movedBytes();
        if (request.hasFailed()) {
            unpushedFailed++;
        }
        forget(request);
        int unpushed = ring.unpushedResponses();
        if (unpushed >= NOTIFIED_BATCH || unpushedBytes >= BATCH_BYTES) {
            publish();
        } else if (unpushed % BATCH == 0) {
            ring.showResponses();
        }
    }

    /** Not answered, and never will be. */
    private void drop(SlotRequest request) {
        counters.add(QueueCounters.TAKEN, -1);
        request.release(grants);
        forget(request);
    }

    private void forget(SlotRequest request) {
        request.taken = false;
        pool.giveBack(request);
        if (request == alone) {
            alone = null;
        }
    }

    /** Publishes what there is, and wakes a front end that wants to be woken for it. */
    private void publish() {
        int unpushed = ring.unpushedResponses();
        if (unpushed > 0) {
            boolean notify = ring.pushResponsesAndCheckNotify();
            count(unpushed);
            if (notify) {
                counters.add(QueueCounters.NOTIFICATIONS_SENT, 1);
                channel.send();
            } else {
                counters.add(QueueCounters.NOTIFICATIONS_AVOIDED, 1);
            }
        }
        endDrain();
    }

    private void count(int answered) {
        counters.add(QueueCounters.REQUESTS, answered);
        counters.add(QueueCounters.FAILED, unpushedFailed);
        counters.add(QueueCounters.BYTES, unpushedBytes);
        unpushedFailed = 0;
        unpushedBytes = 0;
    }

    private void endDrain() {
        if (whenDrained != null && inFlight() == 0 && !drained) {
            drained = true;
            whenDrained.run();
        }
    }

    @Override
    public boolean arm() {
        if (drained) {
            return false;
        }
        boolean mayTake = !halted && alone == null;
        boolean requests = mayTake && ring.finalCheckForRequests() > 0;
        return requests || !returned.isEmpty();
    }

    @Override
    public void failed(RuntimeException cause) {
        halted = true;
        failed = true;
        if (current != null && current.inHook && current.taken) {
            current.inHook = false;
            drop(current);
        }
        if (alone != null && !aloneStarted) {
            drop(alone);
        }
        listener.failed(cause);
        drainAfterFailure();
    }

    /** The loop does not call a failed worker any more, but its requests in flight still have to be seen home. */
    private void drainAfterFailure() {
        SlotRequest request = returned.poll();
        while (request != null) {
            if (request.taken) {
                drop(request);
            }
            request = returned.poll();
        }
        endDrain();
    }

    @Override
    public void stop(Runnable then) {
        halted = true;
        whenDrained = then;
        if (failed) {
            drainAfterFailure();
            return;
        }
        if (abandoned && (turn() & 1) != 0) {
            // Another thread is in there; when it comes out, it has failed.
            return;
        }
        begin();
        try {
            takeReturned();
            startAlone();
            publish();
        } catch (RuntimeException e) {
            failed(e);
        } catch (Error e) {
            failed(new IllegalStateException(e));
        } finally {
            end();
        }
    }

    /** Requests taken and not answered. */
    int inFlight() {
        return pool.inFlight();
    }

    @Override
    public void close() {
        drained = true;
    }
}
