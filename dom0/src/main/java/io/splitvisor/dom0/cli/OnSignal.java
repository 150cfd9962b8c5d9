// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.cli;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Ends a Dom0 in an orderly way when a signal ends the process: first its domains, then, when what they did has been shown,
 * the rest. The process then ends with the signal's code, 130 for Ctrl-C.
 */
final class OnSignal implements AutoCloseable {
    private static final int SHOW_SECONDS = 3;

    private final CountDownLatch shown = new CountDownLatch(1);
    private final Thread hook;

    private OnSignal(Dom0Session session) {
        hook = new Thread(() -> end(session), "end-of-dom0");
    }

    /** From now until closed. */
    static OnSignal watch(Dom0Session session) {
        var watch = new OnSignal(session);
        Runtime.getRuntime().addShutdownHook(watch.hook);
        return watch;
    }

    private void end(Dom0Session session) {
        session.stopDomains(Dom0Session.GRACE);
        session.askToStop();
        try {
            shown.await(SHOW_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
        session.close();
    }

    /** Forgets it; does not return if a signal came, since the process is ending. */
    @Override
    public void close() {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException _) {
            shown.countDown();
            while (hook.isAlive() || !Thread.currentThread().isInterrupted()) {
                LockSupport.park();
            }
        }
    }
}
