// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.backend;

import io.splitvisor.abi.XenErrno;
import io.splitvisor.backend.BackendDomain;
import io.splitvisor.backend.EventChannel;
import io.splitvisor.backend.GrantException;
import io.splitvisor.backend.GrantMappings;
import io.splitvisor.backend.IoLoop;
import io.splitvisor.driver.FeatureValues;
import io.splitvisor.ring.BackRing;
import io.splitvisor.ring.SharedRing;
import io.splitvisor.xenbus.XenbusException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * One connection of a front end: its rings, mapped, with their workers and event channels. Made and taken apart in the loop
 * that serves it.
 */
final class BackConnection implements Connection {
    /** Flags of this name mean that the front end uses its grants again, so that mappings are kept (io/blkif.h). */
    private static final String PERSISTENT = "feature-persistent";

    private final BackendDomain backend;
    private final DeviceConfig config;
    private final Opening opening;
    private final IoLoop loop;
    private final List<Part> parts = new ArrayList<>();
    private final CompletableFuture<Void> closed = new CompletableFuture<>();
    private volatile List<BackQueue> queues = List.of();
    private GrantMappings mappings;
    private int draining;

    private record Part(GrantMappings.RingPages pages, BackQueue queue, EventChannel channel) {}

    /** What a connection is made of. */
    record Opening(
            BackendDevice device,
            BackendDriver driver,
            Offer offered,
            FrontendOffer wanted,
            DeviceEnd.Reports reports) {}

    BackConnection(BackendDomain backend, DeviceConfig config, Opening opening) {
        this.backend = backend;
        this.config = config;
        this.opening = opening;
        this.loop = opening.device.threads() == Threads.OWN
                ? DeviceLoop.start(
                        opening.driver.protocol().type() + " " + config.frontendDomid() + "/" + config.devid())
                : backend.loop(config.frontendDomid());
    }

    /**
     * Connects. Any thread, once.
     *
     * @return fails with {@link XenbusException} if the front end offers what cannot be mapped or bound; then nothing stays
     *     mapped
     */
    CompletableFuture<Void> open() {
        CompletableFuture<Void> result = new CompletableFuture<>();
        loop.execute(() -> {
            try {
                connect();
                result.complete(null);
            } catch (GrantException | BackendDomain.BindException e) {
                result.completeExceptionally(new XenbusException(XenErrno.EINVAL, e.getMessage(), e));
            } catch (XenbusException e) {
                result.completeExceptionally(e);
            } catch (RuntimeException | Error e) {
                result.completeExceptionally(new XenbusException(XenErrno.EIO, "cannot connect: " + e, e));
            }
        });
        return result;
    }

    private void connect() {
        boolean done = false;
        try {
            mappings = backend.grants(config.frontendDomid());
            BackQueue.Setting setting = new BackQueue.Setting(
                    loop,
                    config.frontendDomid(),
                    opening.device,
                    opening.driver.protocol(),
                    opening.wanted.layout(),
                    opening.reports);
            for (FrontendOffer.Ring ring : opening.wanted.rings()) {
                connect(setting, ring);
            }
            queues = parts.stream().map(Part::queue).toList();
            done = true;
        } finally {
            if (!done) {
                release();
            }
        }
    }

    private void connect(BackQueue.Setting setting, FrontendOffer.Ring ring) {
        GrantMappings.RingPages pages = mappings.mapRing(ring.refs());
        BackQueue queue = null;
        EventChannel channel = null;
        try {
            BackRing back = BackRing.resume(pages.segment(), setting.layout().slotSize());
            if (back.requestOverflow()) {
                throw new XenbusException(XenErrno.EIO, "the ring holds more requests than it has room for");
            }
            int keep = opening.wanted.features().has(PERSISTENT) ? opening.offered.keptGrants() : 0;
            queue = new BackQueue(setting, parts.size(), back, new GrantPages(mappings, keep));
            queue.prepare();
            channel = backend.bind(config.frontendDomid(), ring.port(), queue, loop);
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
        if (mappings != null) {
            mappings.close();
        }
        if (loop instanceof DeviceLoop own) {
            own.close();
        }
    }

    /** The device's own thread does not come back from the driver: asks it to, and does not wait for it. */
    void abandon() {
        if (loop instanceof DeviceLoop own) {
            queues.forEach(BackQueue::abandon);
            own.abandon();
        }
    }

    /** Adds the queues' counters to a table. Any thread. */
    void addTo(long[] totals) {
        for (BackQueue queue : queues) {
            queue.counters().addTo(totals);
        }
    }

    /** The queues' turns ({@link BackQueue#turn}). Any thread. */
    long[] turns() {
        return queues.stream().mapToLong(BackQueue::turn).toArray();
    }

    BackendDevice device() {
        return opening.device;
    }

    @Override
    public int frontendDomid() {
        return config.frontendDomid();
    }

    @Override
    public int devid() {
        return config.devid();
    }

    @Override
    public FeatureValues features() {
        return opening.wanted.features();
    }

    @Override
    public int queues() {
        return opening.wanted.rings().size();
    }

    @Override
    public int slots() {
        int pages = opening.wanted.rings().getFirst().refs().length;
        return SharedRing.slots(
                (long) pages * GrantedPage.SIZE, opening.wanted.layout().slotSize());
    }

    @Override
    public void tell(String node, Object value) {
        opening.reports.tell(node, value);
    }

    @Override
    public void report(String line) {
        opening.reports.report(line);
    }
}
