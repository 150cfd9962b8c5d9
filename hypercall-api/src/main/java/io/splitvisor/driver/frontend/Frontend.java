// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.frontend;

import io.splitvisor.driver.FeatureValues;
import io.splitvisor.driver.Protocol;
import io.splitvisor.frontend.FrontendDomain;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * A device of this domain. It connects by itself, and connects again when its back end goes away and comes back: callers only
 * notice that it takes longer. Thread-safe.
 */
public final class Frontend implements AutoCloseable {
    private static final int MOST_POOLED_PAGES = 4096;
    private static final Duration CLOSE_PATIENCE = Duration.ofSeconds(5);

    private final FrontendDomain domain;
    private final Protocol protocol;
    private final int devid;
    private final List<FrontQueue> queues;
    private final FrontendEnd end;
    private final PagePool pages;

    private Frontend(FrontendDomain domain, Protocol protocol, int devid, FrontendSettings settings) {
        this.domain = domain;
        this.protocol = protocol;
        this.devid = devid;
        this.pages = new PagePool(domain, MOST_POOLED_PAGES);
        List<FrontQueue> made = new ArrayList<>();
        for (int i = 0; i < settings.queues(); i++) {
            made.add(new FrontQueue(protocol, i, settings.lineLimit(), this::misbehaved));
        }
        this.queues = List.copyOf(made);
        this.end = new FrontendEnd(this, domain, protocol, devid, settings);
    }

    /** The numbers of this domain's devices of a type. */
    public static List<Integer> list(FrontendDomain domain, String type) {
        String folder = "device/" + type;
        if (!domain.store().exists(folder)) {
            return List.of();
        }
        return domain.store().list(folder).stream()
                .filter(name -> name.matches("[0-9]{1,9}"))
                .map(Integer::valueOf)
                .sorted()
                .toList();
    }

    /**
     * Begins to connect to a device. Calls can be made at once; they wait until it is connected.
     *
     * @param devid its number in xenstore
     * @throws CallException GONE if there is no such device
     */
    public static Frontend open(FrontendDomain domain, Protocol protocol, int devid, FrontendSettings settings) {
        if (domain.store().readIfPresent("device/" + protocol.type() + '/' + devid + "/backend") == null) {
            throw new CallException(
                    CallException.Kind.GONE, "this domain has no device " + protocol.type() + ' ' + devid);
        }
        Frontend frontend = new Frontend(domain, protocol, devid, settings);
        frontend.end.start();
        return frontend;
    }

    /**
     * As above, and waits until it is connected.
     *
     * @throws CallException TIMEOUT if the back end does not come in time, GONE if there is no such device
     */
    public static Frontend open(
            FrontendDomain domain, Protocol protocol, int devid, FrontendSettings settings, Duration timeout) {
        Frontend frontend = open(domain, protocol, devid, settings);
        boolean connected = false;
        try {
            frontend.awaitConnected(timeout);
            connected = true;
        } finally {
            if (!connected) {
                frontend.close(Duration.ZERO);
            }
        }
        return frontend;
    }

    /**
     * Waits until it is connected.
     *
     * @throws CallException TIMEOUT if the back end does not come in time, GONE if it will not
     */
    public void awaitConnected(Duration timeout) {
        end.awaitConnected(timeout);
    }

    /** Whether it is connected at this moment. */
    public boolean isConnected() {
        return end.isConnected();
    }

    /** The device's type. */
    public String type() {
        return protocol.type();
    }

    /** The device's number in xenstore. */
    public int devid() {
        return devid;
    }

    /** What was agreed with the back end when it connected last; null before it has. */
    public FeatureValues features() {
        return end.features();
    }

    /** A node in the back end's folder as it is now: any text that the back end likes, or null. */
    public String backendNode(String name) {
        return end.backend().read(name);
    }

    /** A call with all fields 0. Make it once, and use it again and again. */
    public Call call() {
        return new Call(this, protocol);
    }

    /** Consecutive pages to share; the caller's to close. */
    public SharedPages newPages(int count) {
        return new SharedPages(domain, count);
    }

    /** Single pages to share. */
    public PagePool pages() {
        return pages;
    }

    /** How many queues there are. */
    public int queues() {
        return queues.size();
    }

    /** One of the queues. */
    public FrontQueue queue(int index) {
        return queues.get(index);
    }

    /** The calling thread's queue. */
    public FrontQueue queue() {
        int count = queues.size();
        return queues.get(count == 1 ? 0 : (int) (Thread.currentThread().threadId() % count));
    }

    List<FrontQueue> allQueues() {
        return queues;
    }

    /** What all queues did so far. */
    public QueueCounters counters() {
        QueueCounters sum = new QueueCounters(0, 0, 0, 0, 0);
        for (FrontQueue queue : queues) {
            sum = sum.plus(queue.counters());
        }
        return sum;
    }

    private void misbehaved(String how) {
        end.misbehaved(how);
    }

    /**
     * The domain was suspended and runs again: rings, grants and event channels are made anew, and what was not answered is
     * submitted again.
     */
    public void resumed() {
        end.resumed();
    }

    /** Disconnects. Calls in flight get a few seconds; later ones fail with GONE. */
    @Override
    public void close() {
        close(CLOSE_PATIENCE);
    }

    /**
     * Disconnects.
     *
     * @param limit how long calls in flight may take
     */
    public void close(Duration limit) {
        end.close(limit);
        pages.close();
    }

    /** As above, without waiting. */
    public CompletableFuture<Void> closeSoon(Duration limit) {
        return end.closeSoon(limit);
    }

    @Override
    public String toString() {
        return protocol.type() + ' ' + devid;
    }
}
