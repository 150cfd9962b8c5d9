// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.loop;

import io.splitvisor.backend.RingWorker;
import io.splitvisor.host.EventFd;
import io.splitvisor.host.Poller;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * What a loop sleeps on: guests' bells, each with the workers that it wakes, and descriptors of the loop's own, which only end
 * the sleep. The loop's own; it is made, and closed, when the loop does not run.
 */
final class Bells implements AutoCloseable {
    /** Of the loop's own descriptors: no bell has it. */
    private static final int NO_BELL = 0;

    private record Bell(EventFd event, List<RingWorker> workers) {}

    private final Poller poller = new Poller();

    /** By token; null where none is. */
    private final List<Bell> bells = new ArrayList<>();

    /** @param own what ends a sleep, and wakes nobody */
    Bells(int... own) {
        bells.add(NO_BELL, null);
        for (int fd : own) {
            poller.addEdgeTriggered(fd, NO_BELL);
        }
    }

    /** Listens to a bell. It may have rung before: its workers are to be woken once. */
    void add(EventFd bell, List<RingWorker> workers) {
        int token = freeToken();
        bells.set(token, new Bell(bell, workers));
        poller.addEdgeTriggered(bell.fd(), token);
    }

    private int freeToken() {
        for (int token = NO_BELL + 1; token < bells.size(); token++) {
            if (bells.get(token) == null) {
                return token;
            }
        }
        bells.add(null);
        return bells.size() - 1;
    }

    /** Stops listening to a bell, which is closed afterwards. */
    void remove(EventFd bell) {
        for (int token = NO_BELL + 1; token < bells.size(); token++) {
            Bell one = bells.get(token);
            if (one != null && one.event == bell) {
                poller.remove(bell.fd());
                bells.set(token, null);
            }
        }
    }

    /** Whether some bell is for a worker of this kind. */
    boolean anyFor(Predicate<RingWorker> kind) {
        for (Bell bell : bells) {
            if (bell != null) {
                for (RingWorker worker : bell.workers) {
                    if (kind.test(worker)) {
                        return true;
                    }
                }
            }
        }
        return false;
    }

    /**
     * Waits until something rings.
     *
     * @param millis as of {@link Poller#await}
     * @param wake is called for each worker of the bells that rang
     */
    void await(int millis, Consumer<RingWorker> wake) {
        int ready = poller.await(millis);
        for (int i = 0; i < ready; i++) {
            Bell bell = bells.get(poller.token(i));
            if (bell != null) {
                bell.workers.forEach(wake);
            }
        }
    }

    @Override
    public void close() {
        poller.close();
    }
}
