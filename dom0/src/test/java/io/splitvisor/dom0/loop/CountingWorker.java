// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.loop;

import io.splitvisor.backend.RingWorker;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** Work is a number; serving takes some of it away. */
final class CountingWorker implements RingWorker {
    final AtomicLong pending = new AtomicLong();
    final AtomicLong done = new AtomicLong();
    final AtomicLong served = new AtomicLong();
    final AtomicInteger armed = new AtomicInteger();
    final AtomicInteger failures = new AtomicInteger();
    volatile Throwable thrown;
    volatile boolean endless;
    volatile int domid = NO_DOMAIN;

    @Override
    public int domid() {
        return domid;
    }

    @Override
    public int serve() {
        served.incrementAndGet();
        sneak(thrown);
        if (endless) {
            return 1;
        }
        long work = Math.min(pending.get(), 32);
        pending.addAndGet(-work);
        done.addAndGet(work);
        return (int) work;
    }

    @Override
    public boolean arm() {
        armed.incrementAndGet();
        return pending.get() > 0;
    }

    @Override
    public void failed(RuntimeException cause) {
        failures.incrementAndGet();
    }

    @SuppressWarnings("unchecked") // throws any Throwable unchecked
    private static <T extends Throwable> void sneak(Throwable t) throws T {
        if (t != null) {
            throw (T) t;
        }
    }
}
