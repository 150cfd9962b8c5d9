// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.frontend;

import io.splitvisor.driver.Protocol;
import io.splitvisor.frontend.FrontendDomain;
import io.splitvisor.ring.SharedRing;
import java.util.List;

/** The calls of a front end's queues, of which the first ones have rings of their own. */
record CallTraffic(FrontendDomain domain, Protocol protocol, List<FrontQueue> queues) implements Traffic {
    @Override
    public RingPages newRing(int index, int backendDomid, int pages) {
        FrontQueue queue = queues.get(index);
        RingPages ring = new RingPages(domain, backendDomid, pages, queue::upcall);
        SharedRing.init(ring.segment());
        return ring;
    }

    @Override
    public void connect(List<RingPages> rings, Link link) {
        for (int i = rings.size(); i < queues.size(); i++) {
            queues.get(i).redirect(queues.get(i % rings.size()));
        }
        for (int i = 0; i < rings.size(); i++) {
            RingPages ring = rings.get(i);
            queues.get(i).connect(new RingEnd(protocol, ring.segment(), ring::send, link));
        }
    }

    @Override
    public void pause() {
        queues.forEach(FrontQueue::pause);
    }

    @Override
    public void goOn() {
        queues.forEach(FrontQueue::goOn);
    }

    @Override
    public boolean isQuiet() {
        return queues.stream().allMatch(FrontQueue::isQuiet);
    }

    @Override
    public boolean disconnect() {
        boolean somebodyWaits = false;
        for (FrontQueue queue : queues) {
            somebodyWaits |= queue.disconnect();
        }
        return somebodyWaits;
    }

    @Override
    public void close() {
        queues.forEach(FrontQueue::close);
    }

    @Override
    public long progress() {
        return queues.stream().mapToLong(queue -> queue.counters().requests()).sum();
    }
}
