// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.domain;

import io.splitvisor.dom0.toolstack.Condition;
import io.splitvisor.dom0.toolstack.DomainEvent;
import io.splitvisor.dom0.toolstack.DomainInfo;
import io.splitvisor.dom0.toolstack.Toolstack.Subscription;
import io.splitvisor.dom0.toolstack.ToolstackException;
import io.splitvisor.dom0.toolstack.ToolstackException.Kind;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells listeners what happens to domains, in order, on one thread; and lets callers wait for it. */
final class DomainEvents {
    private static final Logger LOG = LoggerFactory.getLogger(DomainEvents.class);

    /** A guest attaches, or acknowledges, without an event; whoever waits for that looks this often. */
    private static final long LOOK_MILLIS = 20;

    private final CopyOnWriteArrayList<Consumer<DomainEvent>> listeners = new CopyOnWriteArrayList<>();
    private final ExecutorService thread = Executors.newSingleThreadExecutor(
            Thread.ofPlatform().name("domain-events").daemon(true).factory());

    void publish(DomainEvent event) {
        synchronized (this) {
            notifyAll();
        }
        try {
            thread.execute(() -> listeners.forEach(listener -> tell(listener, event)));
        } catch (RejectedExecutionException e) {
            LOG.debug("after the end: {}", event);
        }
    }

    private static void tell(Consumer<DomainEvent> listener, DomainEvent event) {
        try {
            listener.accept(event);
        } catch (RuntimeException e) {
            LOG.warn("a listener failed at {}", event, e);
        }
    }

    Subscription subscribe(Consumer<DomainEvent> listener) {
        listeners.add(listener);
        return () -> listeners.remove(listener);
    }

    /** Waits until the condition holds for a domain. */
    DomainInfo waitFor(GuestDomain guest, Condition condition, Duration timeout, Map<Integer, GuestDomain> alive) {
        long deadline = System.nanoTime() + timeout.toNanos();
        synchronized (this) {
            while (!holds(guest, condition, alive)) {
                long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
                if (left <= 0) {
                    throw new ToolstackException(
                            Kind.TIMEOUT,
                            "domain " + guest.config().name() + " is not at "
                                    + condition.name().toLowerCase(java.util.Locale.ROOT) + " yet");
                }
                try {
                    wait(Math.min(left, LOOK_MILLIS));
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    throw new ToolstackException(Kind.FAILED, "interrupted", e);
                }
            }
        }
        return guest.info();
    }

    private static boolean holds(GuestDomain guest, Condition condition, Map<Integer, GuestDomain> alive) {
        boolean gone = alive.get(guest.domid()) != guest;
        return switch (condition) {
            case SHUTDOWN -> gone || guest.shutdown().isPresent();
            case DEATH -> gone;
            case RUNNING -> gone || guest.attachedFuture().isDone();
            case ACKNOWLEDGED -> gone || guest.shutdown().isPresent() || guest.hasAcknowledged();
        };
    }

    /** Tells what is left to tell, then stops. */
    void close() {
        thread.close();
    }
}
