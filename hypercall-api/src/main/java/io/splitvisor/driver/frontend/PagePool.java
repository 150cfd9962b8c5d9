// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.frontend;

import io.splitvisor.frontend.FrontendDomain;
import io.splitvisor.ring.BoundedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Single pages for calls, used again and again, so that a back end that keeps mappings finds them mapped. Thread-safe. There
 * are as many as were ever in use at a time, up to a limit.
 */
public final class PagePool implements AutoCloseable {
    private final FrontendDomain domain;
    private final int most;
    private final BoundedQueue<SharedPages> free;
    private final AtomicInteger made = new AtomicInteger();

    PagePool(FrontendDomain domain, int most) {
        this.domain = domain;
        this.most = most;
        this.free = new BoundedQueue<>(most);
    }

    /**
     * Takes a page. What an earlier call left in it is still there.
     *
     * @return null if all are in use
     */
    public SharedPages take() {
        SharedPages page = free.poll();
        if (page != null) {
            return page;
        }
        if (made.getAndIncrement() >= most) {
            made.decrementAndGet();
            return null;
        }
        return new SharedPages(domain, 1);
    }

    /** Gives a page back whose call is done. One that the back end never gave back is not used again. */
    public void give(SharedPages page) {
        if (page.isLost() || !free.offer(page)) {
            page.close();
            made.decrementAndGet();
        }
    }

    /** Closes the pages that are not in use. */
    @Override
    public void close() {
        for (SharedPages page = free.poll(); page != null; page = free.poll()) {
            page.close();
            made.decrementAndGet();
        }
    }
}
