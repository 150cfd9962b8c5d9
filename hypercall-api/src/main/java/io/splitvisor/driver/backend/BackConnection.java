// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.backend;

import io.splitvisor.abi.XenErrno;
import io.splitvisor.backend.BackendDomain;
import io.splitvisor.backend.EventChannel;
import io.splitvisor.backend.GrantException;
import io.splitvisor.backend.GrantMappings;
import io.splitvisor.backend.IoLoop;
import io.splitvisor.driver.ByteProtocol;
import io.splitvisor.driver.FeatureValues;
import io.splitvisor.driver.Protocol;
import io.splitvisor.ring.BackRing;
import io.splitvisor.ring.SharedRing;
import io.splitvisor.xenbus.XenbusException;
import java.lang.foreign.MemorySegment;
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
    private volatile List<ServedRing> queues = List.of();
    private GrantMappings mappings;
    private int draining;

    private record Part(GrantMappings.RingPages pages, ServedRing queue, EventChannel channel) {}

    /** What a connection is made of. */
    record Opening(OpenDevice open, FrontendOffer wanted, DeviceEnd.Reports reports) {}

    BackConnection(BackendDomain backend, DeviceConfig config, Opening opening) {
        this.backend = backend;
        this.config = config;
        this.opening = opening;
        this.loop = opening.open.device().threads() == Threads.OWN
                ? DeviceLoop.start(
                        opening.open.driver().protocol().type() + " " + config.frontendDomid() + "/" + config.devid())
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
                result.completeExceptionally(new XenbusException(XenErrno.EIO, "cannot connect: " + Blame.of(e), e));
            }
        });
        return result;
    }

    private void connect() {
        boolean done = false;
        try {
            mappings = backend.grants(config.frontendDomid());
            for (FrontendOffer.Ring ring : opening.wanted.rings()) {
                connect(ring);
            }
            queues = parts.stream().map(Part::queue).toList();
            done = true;
        } finally {
            if (!done) {
                release();
            }
        }
    }

    private void connect(FrontendOffer.Ring ring) {
        GrantMappings.RingPages pages = mappings.mapRing(ring.refs());
        ServedRing queue = null;
        EventChannel channel = null;
        try {
            queue = serve(pages.segment());
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

    private ServedRing serve(MemorySegment pages) {
        return switch (opening.open.device()) {
            case BackendDevice device ->
                requests(device, (Protocol) opening.open.driver().protocol(), pages);
            case ByteDevice device -> {
                var protocol = (ByteProtocol) opening.open.driver().protocol();
                yield new BackBytes(
                        new BackBytes.Setting(loop, config.frontendDomid(), device, protocol, opening.reports), pages);
            }
        };
    }

    private BackQueue requests(BackendDevice device, Protocol protocol, MemorySegment pages) {
        SlotLayout layout = opening.wanted.layout();
        BackRing back = BackRing.resume(pages, layout.slotSize());
        if (back.requestOverflow()) {
            throw new XenbusException(XenErrno.EIO, "the ring holds more requests than it has room for");
        }
        int keep =
                opening.wanted.features().has(PERSISTENT) ? opening.open.offer().keptGrants() : 0;
        var setting = new BackQueue.Setting(loop, config.frontendDomid(), device, protocol, layout, opening.reports);
        var queue = new BackQueue(setting, parts.size(), back, new GrantPages(mappings, keep));
        boolean prepared = false;
        try {
            queue.prepare();
            prepared = true;
            return queue;
        } finally {
            if (!prepared) {
                queue.close();
            }
        }
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

    /**
     * A thread does not come back from the driver: asks it to, and does not wait for it. In the domain's loop another thread
     * goes on with everything else.
     *
     * @param turn which turn of each queue it is that has not ended
     * @return false if it came back meanwhile after all
     */
    boolean abandon(long[] turn) {
        List<ServedRing> all = queues;
        all.forEach(ServedRing::abandon);
        if (loop instanceof DeviceLoop own) {
            own.abandon();
            return true;
        }
        boolean left = false;
        for (int i = 0; i < turn.length; i++) {
            ServedRing queue = all.get(i);
            long stuck = turn[i];
            left |= (stuck & 1) != 0 && loop.leave(queue, () -> queue.turn() == stuck);
        }
        return left;
    }

    /** Adds the queues' counters to a table. Any thread. */
    void addTo(long[] totals) {
        for (ServedRing queue : queues) {
            queue.counters().addTo(totals);
        }
    }

    /** The queues' turns ({@link ServedRing#turn}). Any thread. */
    long[] turns() {
        return queues.stream().mapToLong(ServedRing::turn).toArray();
    }

    ServedDevice device() {
        return opening.open.device();
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
        if (opening.wanted.layout() == null) {
            return 0;
        }
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
