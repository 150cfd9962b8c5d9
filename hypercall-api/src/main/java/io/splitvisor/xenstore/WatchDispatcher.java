// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.xenstore;

import java.util.LinkedHashSet;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/** Calls watch handlers, one at a time, on one thread that starts with the first watch that has a handler. */
final class WatchDispatcher implements Runnable {
    /** Events of one watch in a row; then the others have their turn. */
    private static final int BURST = 64;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition work = lock.newCondition();
    private final LinkedHashSet<ClientWatch> ready = new LinkedHashSet<>();
    private boolean stopped;

    void start() {
        Thread thread = new Thread(this, "xenstore-watch");
        thread.setDaemon(true);
        thread.start();
    }

    void ready(ClientWatch watch) {
        lock.lock();
        try {
            ready.add(watch);
            work.signal();
        } finally {
            lock.unlock();
        }
    }

    void stop() {
        lock.lock();
        try {
            stopped = true;
            work.signal();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void run() {
        ClientWatch watch;
        while ((watch = next()) != null) {
            deliver(watch);
        }
    }

    /** The next watch with events, null when it is over. */
    private ClientWatch next() {
        lock.lock();
        try {
            while (ready.isEmpty() && !stopped) {
                // Nobody interrupts this thread to tell it something; stop() is the way.
                work.awaitUninterruptibly();
            }
            return stopped ? null : ready.removeFirst();
        } finally {
            lock.unlock();
        }
    }

    private void deliver(ClientWatch watch) {
        for (int i = 0; i < BURST; i++) {
            if (!watch.deliver()) {
                return;
            }
        }
        ready(watch);
    }
}
