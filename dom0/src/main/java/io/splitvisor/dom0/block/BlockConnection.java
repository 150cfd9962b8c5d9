// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.block;

import io.splitvisor.abi.XenErrno;
import io.splitvisor.backend.BackendDomain;
import io.splitvisor.backend.EventChannel;
import io.splitvisor.backend.GrantException;
import io.splitvisor.backend.GrantMappings;
import io.splitvisor.backend.IoLoop;
import io.splitvisor.ring.BackRing;
import io.splitvisor.xenbus.XenbusException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * One connection of a front end: its rings, mapped, with their workers and event channels. Made and taken apart in the
 * domain's loop.
 */
final class BlockConnection {
    private final BackendDomain backend;
    private final IoLoop loop;
    private final int frontendDomid;
    private final GrantMappings mappings;
    private final List<Part> parts = new ArrayList<>();
    private final CompletableFuture<Void> closed = new CompletableFuture<>();
    private volatile List<QueueStatistics> statistics = List.of();
    private int draining;

    private record Part(GrantMappings.RingPages pages, BlockQueue queue, EventChannel channel) {}

    private BlockConnection(BackendDomain backend, int frontendDomid) {
        this.backend = backend;
        this.loop = backend.loop(frontendDomid);
        this.frontendDomid = frontendDomid;
        this.mappings = backend.grants(frontendDomid);
    }

    /**
     * Connects. The future fails with {@link XenbusException} if the front end offers what cannot be mapped or bound; then
     * nothing stays mapped.
     */
    static CompletableFuture<BlockConnection> open(
            BackendDomain backend, int frontendDomid, Disk disk, FrontendOffer offer, BlockQueue.Listener listener) {
        CompletableFuture<BlockConnection> result = new CompletableFuture<>();
        backend.loop(frontendDomid).execute(() -> {
            try {
                BlockConnection connection = new BlockConnection(backend, frontendDomid);
                connection.connect(disk, offer, listener);
                result.complete(connection);
            } catch (GrantException | BackendDomain.BindException e) {
                result.completeExceptionally(new XenbusException(XenErrno.EINVAL, e.getMessage(), e));
            } catch (RuntimeException e) {
                result.completeExceptionally(e);
            }
        });
        return result;
    }

    private void connect(Disk disk, FrontendOffer offer, BlockQueue.Listener listener) {
        boolean done = false;
        try {
            for (FrontendOffer.Ring ring : offer.rings()) {
                connect(disk, offer, ring, listener);
            }
            statistics = parts.stream().map(part -> part.queue().statistics()).toList();
            done = true;
        } finally {
            if (!done) {
                release();
            }
        }
    }

    private void connect(Disk disk, FrontendOffer offer, FrontendOffer.Ring ring, BlockQueue.Listener listener) {
        GrantMappings.RingPages pages = mappings.mapRing(ring.refs());
        BlockQueue queue = null;
        EventChannel channel = null;
        try {
            BackRing back = BackRing.resume(pages.segment(), offer.protocol().slotSize());
            if (back.requestOverflow()) {
                throw new XenbusException(XenErrno.EIO, "the ring holds more requests than it has room for");
            }
            int keep = offer.persistent() ? disk.options().maxPersistentGrants() : 0;
            queue = new BlockQueue(
                    loop, frontendDomid, disk, back, offer.protocol(), new GrantPages(mappings, keep), listener);
            channel = backend.bind(frontendDomid, ring.port(), queue);
            queue.notifyThrough(channel);
        } finally {
            if (channel == null) {
                if (queue != null) {
                    queue.close();
                }
                pages.close();
            }
        }
        parts.add(new Part(pages, queue, channel));
    }

    /**
     * Takes no more requests, waits for those in flight, then unmaps everything. Any thread; idempotent.
     *
     * @return done when nothing of the guest is used any more
     */
    CompletableFuture<Void> close() {
        loop.execute(this::startDraining);
        return closed;
    }

    private void startDraining() {
        if (draining != 0 || closed.isDone()) {
            return;
        }
        // One more than there are queues, so that the last is not taken for the end while others have not begun.
        draining = parts.size() + 1;
        for (Part part : parts) {
            part.queue().stop(this::drained);
        }
        drained();
    }

    private void drained() {
        if (--draining == 0) {
            // Not from here: a queue may be at work above.
            loop.execute(() -> {
                release();
                closed.complete(null);
            });
        }
    }

    private void release() {
        for (Part part : parts) {
            part.channel().close();
            part.queue().close();
            loop.forget(part.queue());
            part.pages().close();
        }
        parts.clear();
        mappings.close();
    }

    /** Adds the rings' counters to a table. Any thread. */
    void addTo(long[] totals) {
        for (QueueStatistics queue : statistics) {
            queue.addTo(totals);
        }
    }
}
