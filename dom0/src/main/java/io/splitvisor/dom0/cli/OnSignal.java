// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.cli;

import java.lang.reflect.Proxy;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Ends a Dom0 in an orderly way when a signal ends the process: first its domains, then, when what they did has been shown,
 * the rest. The process then ends with the signal's code, 130 for Ctrl-C. Whoever presses Ctrl-C again does not want to wait
 * for guests any longer.
 */
final class OnSignal implements AutoCloseable {
    private static final int SHOW_SECONDS = 3;

    private final CountDownLatch shown = new CountDownLatch(1);
    private final Thread hook;

    private OnSignal(Invocation in, Dom0Session session) {
        hook = new Thread(() -> end(in, session), "end-of-dom0");
    }

    /** From now until closed. */
    static OnSignal watch(Invocation in, Dom0Session session) {
        var watch = new OnSignal(in, session);
        Runtime.getRuntime().addShutdownHook(watch.hook);
        return watch;
    }

    private void end(Invocation in, Dom0Session session) {
        onInterrupt(session::destroyDomains);
        if (session.hasDomains()) {
            in.log("Shutting down; Ctrl-C again destroys what does not");
        }
        session.stopDomains(Dom0Session.GRACE);
        session.askToStop();
        try {
            shown.await(SHOW_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
        session.close();
    }

    /**
     * Changes what Ctrl-C does. The JVM by itself only waits for the end that the first one began. Its interface for that is in
     * a module that the compiler warns of whoever uses it, so it is looked for at run time.
     */
    private static void onInterrupt(Runnable action) {
        try {
            Class<?> signal = Class.forName("sun.misc.Signal");
            Class<?> handler = Class.forName("sun.misc.SignalHandler");
            Object calls = Proxy.newProxyInstance(
                    handler.getClassLoader(), new Class<?>[] {handler}, (proxy, method, args) -> {
                        action.run();
                        return null;
                    });
            signal.getMethod("handle", signal, handler)
                    .invoke(null, signal.getConstructor(String.class).newInstance("INT"), calls);
        } catch (ReflectiveOperationException _) {
            // Ignored when the process was started, as in the background of a script, or by another JVM's choice.
        }
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
