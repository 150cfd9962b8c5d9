// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.frontend;

import io.splitvisor.driver.Protocol;
import io.splitvisor.frontend.FrontendDomain;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** A device of this domain that answers requests ({@link FrontendDevice}). Thread-safe. */
public final class Frontend extends FrontendDevice {
    private static final int MOST_POOLED_PAGES = 4096;

    private final FrontendDomain domain;
    private final Protocol protocol;
    private final List<FrontQueue> queues;
    private final PagePool pages;

    private Frontend(FrontendDomain domain, Protocol protocol, int devid, FrontendSettings settings) {
        super(protocol, devid);
        this.domain = domain;
        this.protocol = protocol;
        this.pages = new PagePool(domain, MOST_POOLED_PAGES);
        List<FrontQueue> made = new ArrayList<>();
        for (int i = 0; i < settings.queues(); i++) {
            made.add(new FrontQueue(protocol, i, settings.lineLimit(), this::misbehaved));
        }
        this.queues = List.copyOf(made);
        connectBy(new FrontendEnd(this, domain, new CallTraffic(domain, protocol, queues), settings));
    }

    /**
     * Begins to connect to a device. Calls can be made at once; they wait until it is connected.
     *
     * @param devid its number in xenstore
     * @throws CallException GONE if there is no such device
     */
    public static Frontend open(FrontendDomain domain, Protocol protocol, int devid, FrontendSettings settings) {
        require(domain, protocol, devid);
        Frontend frontend = new Frontend(domain, protocol, devid, settings);
        frontend.end().start();
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
        frontend.awaitOrClose(timeout);
        return frontend;
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

    /** What all queues did so far. */
    public QueueCounters counters() {
        QueueCounters sum = new QueueCounters(0, 0, 0, 0, 0);
        for (FrontQueue queue : queues) {
            sum = sum.plus(queue.counters());
        }
        return sum;
    }

    private void misbehaved(String how) {
        end().misbehaved(how);
    }

    @Override
    public void close(Duration limit) {
        super.close(limit);
        pages.close();
    }
}
