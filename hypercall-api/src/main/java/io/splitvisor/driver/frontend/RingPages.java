// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.frontend;

import io.splitvisor.frontend.FrontendDomain;
import io.splitvisor.frontend.FrontendDomain.FrontendChannel;
import java.lang.foreign.MemorySegment;

/** The shared pages and the event channel of one ring, granted and offered to a back end. */
final class RingPages {
    private final FrontendDomain domain;
    private final int firstFrame;
    private final int[] refs;
    private final MemorySegment segment;
    private final FrontendChannel channel;

    /** Takes zeroed pages, which nobody knows of before the ring is offered. */
    RingPages(FrontendDomain domain, int backendDomid, int pages, FrontendDomain.Upcall handler) {
        this.domain = domain;
        this.firstFrame = domain.memory().allocate(pages);
        this.segment = domain.memory().pages(firstFrame, pages);
        this.refs = new int[pages];
        for (int i = 0; i < pages; i++) {
            refs[i] = domain.grants().grantAccess(backendDomid, firstFrame + i, false);
            if (refs[i] < 0) {
                throw new IllegalStateException("this domain has no free grant reference left");
            }
        }
        this.channel = domain.offer(backendDomid, handler);
    }

    MemorySegment segment() {
        return segment;
    }

    int[] refs() {
        return refs;
    }

    int port() {
        return channel.port();
    }

    void send() {
        channel.send();
    }

    /** Takes everything back; pages that the back end still has mapped follow when it has not. */
    void close() {
        channel.close();
        for (int i = 0; i < refs.length; i++) {
            domain.grants().endAccess(refs[i], firstFrame + i);
        }
    }
}
