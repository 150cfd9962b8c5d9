// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.block;

import io.splitvisor.abi.io.BlkifOp;
import io.splitvisor.abi.io.BlkifProtocol;
import io.splitvisor.abi.io.BlkifResponse;
import io.splitvisor.abi.io.BlkifStatus;
import io.splitvisor.backend.EventChannel;
import io.splitvisor.backend.IoLoop;
import io.splitvisor.backend.RingWorker;
import io.splitvisor.dom0.block.QueueStatistics.Counter;
import io.splitvisor.dom0.store.BlockStore;
import io.splitvisor.dom0.store.StoreRequest;
import io.splitvisor.host.Errno;
import io.splitvisor.ring.BackRing;
import io.splitvisor.ring.BoundedQueue;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Serves one ring of a virtual disk. Everything but {@link #completed} happens in the domain's loop: no locks, and
 * nothing made per request.
 */
final class BlockQueue implements RingWorker {
    /** Requests taken in one turn, so that the domain's other rings get theirs. */
    private static final int SLICE = 64;

    /** Responses published at a time while there are more to come. */
    private static final int BATCH = 4;

    /** Nor are this many sectors held back: the front end can use one large piece while the next is read. */
    private static final long BATCH_SECTORS = 128;

    private final IoLoop loop;
    private final int domid;
    private final Disk disk;
    private final BlockStore store;
    private final BackRing ring;
    private final MemorySegment ringMemory;
    private final BlkifProtocol protocol;
    private final GrantPages grants;
    private final Listener listener;
    private final Arena arena = Arena.ofShared();
    private final BlockRequest[] free;
    private final BoundedQueue<BlockRequest> completions;
    private final QueueStatistics statistics = new QueueStatistics();
    private EventChannel channel;
    private int freeCount;
    private BlockRequest barrier;
    private boolean barrierStarted;

    /** The request that is neither free nor with the store, if there is one: in the loop's hands right now. */
    private BlockRequest current;

    /** The time, as of the last look. One request's end is the next one's beginning. */
    private long clock;

    private long unpublishedSectors;

    private boolean halted;
    private boolean drained;
    private Runnable whenDrained;
    private volatile boolean failed;

    /** Who is told what the queue cannot settle itself. Called in the loop. */
    interface Listener {
        /** The front end broke the rules of the ring, which is not served any more. */
        void misbehaved(String how);

        /** The queue came to an unexpected end. */
        void failed(RuntimeException cause);

        /** The store cannot flush after all. */
        void flushUnsupported();
    }

    BlockQueue(
            IoLoop loop,
            int domid,
            Disk disk,
            BackRing ring,
            BlkifProtocol protocol,
            GrantPages grants,
            Listener listener) {
        this.loop = loop;
        this.domid = domid;
        this.disk = disk;
        this.store = disk.store();
        this.ring = ring;
        this.ringMemory = ring.memory();
        this.protocol = protocol;
        this.grants = grants;
        this.listener = listener;
        this.free = new BlockRequest[ring.slots()];
        this.completions = new BoundedQueue<>(free.length);
        for (int i = 0; i < free.length; i++) {
            free[i] = new BlockRequest(this, arena);
        }
        this.freeCount = free.length;
    }

    /** Where responses are announced. Set before the first event. */
    void notifyThrough(EventChannel eventChannel) {
        this.channel = eventChannel;
    }

    QueueStatistics statistics() {
        return statistics;
    }

    /** The front end's domain. */
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
        boolean work = !completions.isEmpty() || (!halted && ring.unconsumedRequests() > 0);
        if (work) {
            clock = System.nanoTime();
        }
        int moved = takeCompletions();
        if (!halted) {
            moved += takeRequests();
        }
        if (moved > 0) {
            store.push();
            publish();
        }
        return moved;
    }

    private int takeRequests() {
        int taken = 0;
        while (taken < SLICE && barrier == null) {
            int available = Math.min(ring.takeableRequests(), SLICE - taken);
            if (available == BackRing.OVERFLOW) {
                halted = true;
                listener.misbehaved("published more requests than the ring holds");
            }
            if (available <= 0) {
                break;
            }
            for (int i = 0; i < available && barrier == null; i++) {
                take();
                taken++;
            }
        }
        return taken;
    }

    private void take() {
        BlockRequest request = free[--freeCount];
        current = request;
        request.started(clock);
        int status = request.take(ring, protocol, disk, grants);
        if (status != BlockRequest.READY) {
            respond(request, status);
        } else if (request.isBarrier()) {
            barrier = request;
            barrierStarted = false;
            current = null;
            startBarrier();
        } else {
            submit(request);
        }
    }

    /** A barrier begins when it is the only request in flight. */
    private void startBarrier() {
        if (inFlight() == 1 && !barrierStarted) {
            barrierStarted = true;
            submit(barrier);
        }
    }

    private void submit(BlockRequest request) {
        current = request;
        int result = store.submit(request);
        if (result == BlockStore.PENDING) {
            current = null;
        } else {
            // A clock that the store looked at is not looked at again.
            clock = request.finished() != clock ? request.finished() : System.nanoTime();
            finish(request, result);
        }
    }

    /** The store is done with a request. Any thread. */
    void completed(BlockRequest request) {
        // There are as many places as requests.
        boolean accepted = completions.offer(request);
        if (!accepted) {
            throw new IllegalStateException("a request completed twice");
        }
        if (failed) {
            loop.execute(this::drainAfterFailure);
        } else {
            loop.wake(this);
        }
    }

    private int takeCompletions() {
        int taken = 0;
        BlockRequest request = completions.poll();
        while (request != null) {
            current = request;
            finish(request, request.result());
            taken++;
            request = taken < SLICE ? completions.poll() : null;
        }
        return taken;
    }

    private void finish(BlockRequest request, int result) {
        if (result == 0 && request.advance()) {
            submit(request);
            return;
        }
        request.release(grants);
        if (result == -Errno.EOPNOTSUPP && request.operation() == StoreRequest.Operation.FLUSH) {
            if (disk.withdrawFlush()) {
                listener.flushUnsupported();
            }
            respond(request, BlkifStatus.EOPNOTSUPP);
        } else if (result == -Errno.EOPNOTSUPP && request.operation() == StoreRequest.Operation.DISCARD) {
            respond(request, BlkifStatus.EOPNOTSUPP);
        } else {
            respond(request, result == 0 ? BlkifStatus.OKAY : BlkifStatus.ERROR);
        }
    }

    private void respond(BlockRequest request, int status) {
        long at = ring.claimResponse();
        BlkifResponse.id(ringMemory, at, request.id());
        BlkifResponse.operation(ringMemory, at, request.blkifOperation());
        BlkifResponse.status(ringMemory, at, status);
        count(request, status);
        free[freeCount++] = request;
        current = null;
        if (request == barrier) {
            barrier = null;
        } else if (barrier != null) {
            startBarrier();
        }
        unpublishedSectors += request.sectors();
        if (ring.unpushedResponses() >= BATCH || unpublishedSectors >= BATCH_SECTORS) {
            publish();
        }
    }

    private void publish() {
        if (ring.unpushedResponses() > 0) {
            unpublishedSectors = 0;
            if (ring.pushResponsesAndCheckNotify()) {
                statistics.add(Counter.NOTIFICATIONS_SENT, 1);
                channel.send();
            } else {
                statistics.add(Counter.NOTIFICATIONS_AVOIDED, 1);
            }
        }
        if (whenDrained != null && inFlight() == 0 && !drained) {
            drained = true;
            whenDrained.run();
        }
    }

    private void count(BlockRequest request, int status) {
        statistics.latency(Math.max(0, clock - request.started()));
        if (status != BlkifStatus.OKAY) {
            statistics.add(Counter.ERRORS, 1);
        } else if (request.blkifOperation() == BlkifOp.FLUSH_DISKCACHE || request.isBarrier()) {
            statistics.add(Counter.FLUSHES, 1);
            statistics.add(Counter.WRITE_SECTORS, request.sectors());
        } else if (request.blkifOperation() == BlkifOp.DISCARD) {
            statistics.add(Counter.DISCARDS, 1);
        } else if (request.operation() == StoreRequest.Operation.WRITE) {
            statistics.add(Counter.WRITES, 1);
            statistics.add(Counter.WRITE_SECTORS, request.sectors());
        } else {
            statistics.add(Counter.READS, 1);
            statistics.add(Counter.READ_SECTORS, request.sectors());
        }
    }

    @Override
    public boolean arm() {
        if (drained) {
            return false;
        }
        boolean mayTake = !halted && barrier == null;
        boolean requests = mayTake && ring.finalCheckForRequests() > 0;
        return requests || !completions.isEmpty();
    }

    @Override
    public void failed(RuntimeException cause) {
        halted = true;
        failed = true;
        if (current != null) {
            free[freeCount++] = current;
        }
        if (barrier != null && !barrierStarted && barrier != current) {
            free[freeCount++] = barrier;
        }
        listener.failed(cause);
        drainAfterFailure();
    }

    /** The loop does not call a failed worker any more, but its requests in flight still have to be seen home. */
    private void drainAfterFailure() {
        BlockRequest request = completions.poll();
        while (request != null) {
            free[freeCount++] = request;
            request = completions.poll();
        }
        if (whenDrained != null && inFlight() == 0 && !drained) {
            drained = true;
            whenDrained.run();
        }
    }

    /**
     * Takes no more requests, and tells when those in flight are answered. In the loop.
     *
     * @param then called in the loop, once
     */
    void stop(Runnable then) {
        halted = true;
        whenDrained = then;
        if (failed) {
            drainAfterFailure();
        } else {
            takeCompletions();
            publish();
        }
    }

    /** Requests taken and not answered. */
    int inFlight() {
        return free.length - freeCount;
    }

    /** Gives the memory of the requests back. Nothing is in flight. */
    void close() {
        drained = true;
        arena.close();
    }
}
