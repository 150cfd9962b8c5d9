// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.xenstored;

import io.splitvisor.xenstore.WatchDelivery;
import io.splitvisor.xenstore.Xenstore;
import io.splitvisor.xenstore.XenstoreConnection;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.IntPredicate;
import java.util.function.LongSupplier;

/**
 * xenstored without a thread, for whoever wants to say what happens when: the same tree, permissions, quotas, transactions
 * and watches as {@link Xenstored}, but a request is served in the thread that makes it, before the call returns, and what
 * watches have to tell waits with the client. Thread-safe.
 */
public final class EmbeddedXenstored {
    private final ReentrantLock lock = new ReentrantLock();
    private final XenstoreCore core;

    /**
     * An empty store.
     *
     * @param exists whether there is a domain of this number
     * @param nanos a clock that only goes forward
     */
    public EmbeddedXenstored(IntPredicate exists, LongSupplier nanos) {
        core = new XenstoreCore(new Rings(exists), nanos);
        core.attach(new NoLinks());
    }

    /**
     * A connection with the rights and quotas of a domain; it ends when the domain is released.
     *
     * @param delivery calls the handlers of its watches
     */
    public Xenstore connect(int domid, WatchDelivery delivery) {
        return new XenstoreConnection(
                new LocalTransport(new Caller(), core, domid), XenstoreConnection.DEFAULT_TIMEOUT, delivery);
    }

    /** The domain is gone, as {@link Xenstored#release}. */
    public void release(int domid) {
        new Caller().call(() -> core.release(domid));
    }

    /** The thread that calls, whichever it is. */
    private final class Caller implements CoreThread {
        @Override
        public boolean isOwnThread() {
            return lock.isHeldByCurrentThread();
        }

        @Override
        public void execute(Runnable task) {
            lock.lock();
            try {
                task.run();
            } finally {
                lock.unlock();
            }
        }

        @Override
        public void call(Runnable task) {
            execute(() -> {
                task.run();
                core.settle();
            });
        }
    }

    private record Rings(IntPredicate known) implements DomainRings {
        /** There are no rings here: everybody is connected by a call. */
        @Override
        public RingPage map(int domid, long gfn, int port) {
            return null;
        }

        @Override
        public boolean exists(int domid) {
            return known.test(domid);
        }
    }

    private static final class NoLinks implements DomainLinks {
        @Override
        public void open(DomainState domain, RingPage page) {
            throw new IllegalStateException("there are no rings here");
        }

        @Override
        public void forget(int domid) {
            // Nothing was opened.
        }
    }
}
