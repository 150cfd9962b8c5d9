// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.xenstore;

import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/** A watch of a {@link XenstoreConnection}, and the events nobody has taken yet: a bounded set of paths. */
final class ClientWatch implements Watch {
    /** Different paths that may wait; then one event for the watch's own path takes their place. */
    static final int MAX_PENDING = 1024;

    private static final long MIN_PAUSE_NANOS = 1_000_000;
    private static final long MAX_PAUSE_NANOS = 100_000_000;

    private final XenstoreConnection connection;
    private final String path;
    private final String token;
    private final WatchHandler handler;
    private final byte[] request;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final LinkedHashSet<String> pending = new LinkedHashSet<>();
    private volatile boolean set;
    private volatile boolean closed;
    private String broken;

    /** @param request the payload that sets it */
    ClientWatch(XenstoreConnection connection, String path, String token, WatchHandler handler, byte[] request) {
        this.connection = connection;
        this.path = path;
        this.token = token;
        this.handler = handler;
        this.request = request;
    }

    @Override
    public String path() {
        return path;
    }

    @Override
    public String token() {
        return token;
    }

    /** The payload that sets it. */
    byte[] request() {
        return request;
    }

    /** Whether xenstored knows it, as far as we know. */
    boolean isSet() {
        return set && !closed;
    }

    void markSet() {
        set = true;
    }

    WatchHandler handler() {
        return handler;
    }

    /** Whether an event for this path can be ours. */
    boolean covers(String event) {
        if (path.equals("/")) {
            return event.startsWith("/");
        }
        return event.startsWith(path) && (event.length() == path.length() || event.charAt(path.length()) == '/');
    }

    void offer(String event) {
        lock.lock();
        try {
            if (closed || broken != null) {
                return;
            }
            if (pending.size() >= MAX_PENDING && !pending.contains(event)) {
                pending.clear();
                pending.add(path);
            } else {
                pending.add(event);
            }
            changed.signal();
        } finally {
            lock.unlock();
        }
    }

    /** Hands one event to the handler; whether there was one. */
    boolean deliver() {
        WatchEvent event = next();
        if (event != null) {
            try {
                handler.changed(event);
            } catch (RuntimeException e) {
                Thread thread = Thread.currentThread();
                thread.getUncaughtExceptionHandler().uncaughtException(thread, e);
            }
        }
        return event != null;
    }

    /** The next event if there is one; for the thread that calls handlers. */
    WatchEvent next() {
        lock.lock();
        try {
            return removeFirst();
        } finally {
            lock.unlock();
        }
    }

    void fail(String reason) {
        lock.lock();
        try {
            broken = reason;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public WatchEvent take() {
        while (true) {
            WatchEvent event = poll(1, TimeUnit.HOURS);
            if (event != null) {
                return event;
            }
        }
    }

    @Override
    public WatchEvent poll(long time, TimeUnit unit) {
        if (handler != null) {
            throw new IllegalStateException("this watch has a handler");
        }
        long deadline = System.nanoTime() + unit.toNanos(time);
        // Whoever owns the event channel wakes us; only where that is this very thread, nobody does.
        long pause = MIN_PAUSE_NANOS;
        while (true) {
            connection.poll();
            lock.lock();
            try {
                WatchEvent event = removeFirst();
                if (event != null) {
                    return event;
                }
                if (closed || broken != null) {
                    throw new XenstoreException(XsError.EIO, "WATCH_EVENT", path);
                }
                long left = deadline - System.nanoTime();
                if (left <= 0) {
                    return null;
                }
                long unused = changed.awaitNanos(connection.needsPolling() ? Math.min(left, pause) : left);
                pause = Math.min(2 * pause, MAX_PAUSE_NANOS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new XenstoreException(XsError.EIO, "WATCH_EVENT", path, e);
            } finally {
                lock.unlock();
            }
        }
    }

    private WatchEvent removeFirst() {
        if (closed || pending.isEmpty()) {
            return null;
        }
        Iterator<String> first = pending.iterator();
        String event = first.next();
        first.remove();
        return new WatchEvent(event, token);
    }

    @Override
    public void close() {
        lock.lock();
        try {
            if (closed) {
                return;
            }
            closed = true;
            pending.clear();
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        connection.unwatch(this);
    }
}
