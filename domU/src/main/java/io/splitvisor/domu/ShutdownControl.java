// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.domu;

import io.splitvisor.abi.ShutdownReason;
import io.splitvisor.xenstore.WatchEvent;
import io.splitvisor.xenstore.WatchHandler;
import io.splitvisor.xenstore.Xenstore;
import io.splitvisor.xenstore.XenstoreException;
import java.util.ArrayList;
import java.util.List;

/**
 * Watches {@code control/shutdown}, where the toolstack writes its wishes, and says in {@code control/feature-*} which it
 * grants. A wish that is granted is acknowledged by clearing it; any other is left, as Linux leaves it, so that the toolstack
 * finds out (docs/misc/xenstore-paths.pandoc).
 */
final class ShutdownControl implements WatchHandler {
    private static final String NODE = "control/shutdown";

    private final GuestDomain domain;
    private final List<ShutdownListener> listeners = new ArrayList<>();
    private boolean over;

    ShutdownControl(GuestDomain domain) {
        this.domain = domain;
    }

    synchronized void add(ShutdownListener listener) {
        listeners.add(listener);
    }

    /** Sets the watch on a thread of its own: a guest need not wait for xenstored to start. */
    void start() {
        Thread thread = new Thread("control") {
            @Override
            public void run() {
                watch();
            }
        };
        thread.setDaemon(true);
        thread.start();
    }

    private void watch() {
        try {
            Xenstore store = domain.xenstore();
            store.watch(NODE, "control", this);
            // After the watch: who relies on them is heard.
            store.write("control/feature-poweroff", "1");
            store.write("control/feature-reboot", "1");
            store.write("control/feature-suspend", "1");
            new CpuAvailability(domain).start(store);
            domain.balloon().follow();
        } catch (XenstoreException e) {
            System.err.println("guest: no orderly shutdown: " + e.getMessage());
        }
    }

    @Override
    public void changed(WatchEvent event) {
        Xenstore store = domain.xenstore();
        String wish = store.readIfPresent(NODE);
        if (wish == null || wish.isEmpty()) {
            return;
        }
        switch (wish) {
            case "poweroff", "halt" -> grant(store, ShutdownReason.POWEROFF);
            case "reboot" -> grant(store, ShutdownReason.REBOOT);
            case "crash" -> grant(store, ShutdownReason.CRASH);
            case "suspend" -> {
                store.write(NODE, "");
                // Not on this thread, which the front ends need to come to rest.
                Thread.ofVirtual().name("suspend").start(() -> domain.suspend());
            }
            default -> System.err.println("guest: " + NODE + " \"" + wish + "\" is not supported, ignored");
        }
    }

    private void grant(Xenstore store, ShutdownReason reason) {
        store.write(NODE, "");
        shutdown(reason);
    }

    private void shutdown(ShutdownReason reason) {
        List<ShutdownListener> told;
        synchronized (this) {
            if (over) {
                return;
            }
            over = true;
            told = List.copyOf(listeners);
        }
        for (ShutdownListener listener : told) {
            try {
                listener.shutdown(reason);
            } catch (RuntimeException e) {
                e.printStackTrace(System.err);
            }
        }
        domain.shutdown(reason);
    }
}
