// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.xenstore;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;

/** The watches of a connection by their tokens, and who calls their handlers. Thread-safe. */
final class ClientWatches {
    private final ReentrantLock lock = new ReentrantLock();
    private final Map<String, List<ClientWatch>> byToken = new HashMap<>();
    private final WatchDelivery delivery;
    private WatchDispatcher dispatcher;
    private boolean ended;

    /**
     * None yet.
     *
     * @param delivery calls the handlers; null for a thread that starts with the first watch that has one
     */
    ClientWatches(WatchDelivery delivery) {
        this.delivery = delivery;
    }

    void add(ClientWatch watch) {
        lock.lock();
        try {
            byToken.computeIfAbsent(watch.token(), _ -> new ArrayList<>(1)).add(watch);
            if (watch.handler() != null && delivery == null && dispatcher == null && !ended) {
                dispatcher = new WatchDispatcher();
                dispatcher.start();
            }
        } finally {
            lock.unlock();
        }
    }

    void remove(ClientWatch watch) {
        lock.lock();
        try {
            List<ClientWatch> same = byToken.get(watch.token());
            if (same != null && same.remove(watch) && same.isEmpty()) {
                byToken.remove(watch.token());
            }
        } finally {
            lock.unlock();
        }
    }

    /** A node has changed: hands that to the watches with this token that are for it. */
    void deliver(String path, String token) {
        lock.lock();
        try {
            List<ClientWatch> candidates = byToken.get(token);
            if (candidates == null) {
                return;
            }
            for (int i = 0; i < candidates.size(); i++) {
                ClientWatch watch = candidates.get(i);
                if (watch.covers(path)) {
                    watch.offer(path);
                    if (watch.handler() != null && delivery != null) {
                        delivery.due(watch, watch::deliver);
                    } else if (watch.handler() != null) {
                        dispatcher.ready(watch);
                    }
                }
            }
        } finally {
            lock.unlock();
        }
    }

    /** Those that xenstored knows. */
    List<ClientWatch> set() {
        return all().stream().filter(ClientWatch::isSet).toList();
    }

    private List<ClientWatch> all() {
        lock.lock();
        try {
            List<ClientWatch> all = new ArrayList<>();
            byToken.values().forEach(all::addAll);
            return all;
        } finally {
            lock.unlock();
        }
    }

    /** Forgets all, and tells them why. */
    void clear(String reason) {
        List<ClientWatch> gone;
        lock.lock();
        try {
            gone = all();
            byToken.clear();
        } finally {
            lock.unlock();
        }
        gone.forEach(watch -> watch.fail(reason));
    }

    /** No event comes any more. */
    void end(String reason) {
        WatchDispatcher stopping;
        lock.lock();
        try {
            ended = true;
            stopping = dispatcher;
        } finally {
            lock.unlock();
        }
        all().forEach(watch -> watch.fail(reason));
        if (stopping != null) {
            stopping.stop();
        }
    }
}
