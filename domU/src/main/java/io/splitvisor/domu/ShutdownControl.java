// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.domu;

import io.splitvisor.abi.ShutdownReason;
import io.splitvisor.xenstore.WatchEvent;
import io.splitvisor.xenstore.WatchHandler;
import io.splitvisor.xenstore.Xenstore;
import io.splitvisor.xenstore.XenstoreException;
import java.util.ArrayList;
import java.util.List;

/** Watches {@code control/shutdown}, where the toolstack writes its wishes, and clears what it has read. */
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
            domain.xenstore().watch(NODE, "control", this);
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
        store.write(NODE, "");
        switch (wish) {
            case "poweroff", "halt" -> shutdown(ShutdownReason.POWEROFF);
            case "reboot" -> shutdown(ShutdownReason.REBOOT);
            case "crash" -> shutdown(ShutdownReason.CRASH);
            default -> System.err.println("guest: " + NODE + " \"" + wish + "\" is not supported, ignored");
        }
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
