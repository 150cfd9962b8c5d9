// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.testkit;

import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * A thread that runs only while the machine waits for it: code that may wait, in {@link #pause}, without anything else
 * happening at the same time.
 */
final class Actor {
    /** In real time: so long nobody computes between two waits. */
    private static final long PATIENCE_SECONDS = 20;

    private static final ScopedValue<Actor> CURRENT = ScopedValue.newInstance();

    private final Semaphore go = new Semaphore(0);
    private final Semaphore back = new Semaphore(0);
    private final String name;
    private final Thread thread;
    private Runnable work;
    private boolean paused;
    private boolean permit;
    private Throwable thrown;

    Actor(String name) {
        this.name = name;
        this.thread = Thread.ofVirtual().name(name).unstarted(() -> ScopedValue.where(CURRENT, this)
                .run(this::run));
    }

    /** The actor whose code calls; null if it is none's. */
    static Actor current() {
        return CURRENT.isBound() ? CURRENT.get() : null;
    }

    Thread thread() {
        return thread;
    }

    /** Whether it is in the middle of something, and waits. */
    boolean isPaused() {
        return paused;
    }

    /** For the machine: does something until it is done or waits. What it throws comes out here. */
    void begin(Runnable task) {
        work = task;
        if (thread.getState() == Thread.State.NEW) {
            thread.start();
        }
        goOn();
    }

    /** For the machine: lets it go on after a wait. */
    void goOn() {
        paused = false;
        go.release();
        boolean returned = false;
        try {
            returned = back.tryAcquire(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (!returned) {
            AssertionError stuck = new AssertionError(name + " waits for something that is none of Control's, here:");
            stuck.setStackTrace(thread.getStackTrace());
            throw stuck;
        }
        rethrow();
    }

    private void rethrow() {
        Throwable now = thrown;
        thrown = null;
        switch (now) {
            case null -> {
                // It went well.
            }
            case RuntimeException e -> throw e;
            case Error e -> throw e;
            default -> throw new AssertionError(now);
        }
    }

    /** For its own code: waits for {@link #goOn}. */
    void pause() {
        paused = true;
        back.release();
        go.acquireUninterruptibly();
    }

    /** For its own code: takes the permit that came while it did not wait. */
    boolean takePermit() {
        boolean had = permit;
        permit = false;
        return had;
    }

    void givePermit() {
        permit = true;
    }

    private void run() {
        while (true) {
            go.acquireUninterruptibly();
            try {
                work.run();
            } catch (Throwable t) {
                thrown = t;
            }
            back.release();
        }
    }
}
