// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.xenstore;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;

/**
 * A client of xenstored over any {@link XenstoreTransport}: many threads' requests on one stream of bytes, replies matched
 * by req_id, watch events handed to their watches.
 */
public final class XenstoreConnection extends NodeRequests implements Xenstore {
    /** How long an answer may take before the request fails; the connection goes on. */
    public static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(60);

    private static final int MAX_ATTEMPTS = 1000;
    private static final int SPINS = 200;
    private static final long MIN_PAUSE_NANOS = 50_000;
    private static final long MAX_PAUSE_NANOS = 10_000_000;

    private final XenstoreTransport transport;
    private final long timeoutNanos;
    private final ReentrantLock sending = new ReentrantLock();
    private final ReentrantLock lock = new ReentrantLock();
    private final Map<Integer, Call> calls = new HashMap<>();
    private final ClientWatches watches;
    private final XsDecoder decoder = new XsDecoder();
    private int nextRequest = 1;
    private volatile int generation;
    private String closed;

    /** A connection over {@code transport}, which it owns and opens. */
    public XenstoreConnection(XenstoreTransport transport) {
        this(transport, DEFAULT_TIMEOUT);
    }

    /**
     * As above.
     *
     * @param timeout how long one answer may take
     */
    public XenstoreConnection(XenstoreTransport transport, Duration timeout) {
        this(transport, timeout, null);
    }

    /**
     * As above.
     *
     * @param delivery calls the handlers of watches; null for a thread of the connection
     */
    public XenstoreConnection(XenstoreTransport transport, Duration timeout, WatchDelivery delivery) {
        this.transport = transport;
        this.watches = new ClientWatches(delivery);
        this.timeoutNanos = timeout.toNanos();
        transport.open(new Inbox());
    }

    // Receiving.

    /** What the transport talks to; one thread at a time. */
    private final class Inbox implements XenstoreTransport.Receiver {
        @Override
        public void received(byte[] bytes, int offset, int length) {
            int at = offset;
            int end = offset + length;
            while (at < end) {
                int count = Math.min(decoder.wanted(), end - at);
                System.arraycopy(bytes, at, decoder.target(), decoder.offset(), count);
                at += count;
                XsMessage message = decoder.advance(count);
                if (decoder.broken()) {
                    closed("xenstored sent a message that is too long");
                    return;
                }
                if (message != null) {
                    dispatch(message);
                }
            }
        }

        @Override
        public void restarted(String reason) {
            decoder.reset();
            startOver("the connection started over: " + reason);
        }

        @Override
        public void closed(String reason) {
            fail(reason);
        }
    }

    /** Nobody gets an answer any more; watches are set again, on a thread of its own, which fires each of them. */
    private void startOver(String reason) {
        List<Call> failed;
        int current;
        lock.lock();
        try {
            current = generation + 1;
            generation = current;
            failed = new ArrayList<>(calls.values());
            calls.clear();
        } finally {
            lock.unlock();
        }
        // None is set while this runs: the answers would have to come through the same receiver.
        List<ClientWatch> gone = watches.set();
        for (Call call : failed) {
            call.fail(reason);
        }
        if (!gone.isEmpty()) {
            Thread setter = new Thread(() -> setAgain(gone, current), "xenstore-rewatch");
            setter.setDaemon(true);
            setter.start();
        }
    }

    private void setAgain(List<ClientWatch> gone, int current) {
        for (ClientWatch watch : gone) {
            try {
                if (watch.isSet() && generation == current) {
                    request(XsMessageType.WATCH, watch.request(), watch.path());
                }
            } catch (XenstoreException e) {
                // If the connection started over again, another thread sees to it.
                if (generation == current) {
                    watch.fail("it could not be set again: " + e.getMessage());
                }
            }
        }
    }

    /** Changes whenever the connection starts over. */
    int generation() {
        return generation;
    }

    private void dispatch(XsMessage message) {
        if (message.is(XsMessageType.WATCH_EVENT)) {
            List<String> parts = Payloads.split(message.payload(), 0);
            if (parts.size() >= 2) {
                watches.deliver(parts.get(0), parts.get(1));
            }
            return;
        }
        Call call;
        lock.lock();
        try {
            call = calls.remove(message.requestId());
        } finally {
            lock.unlock();
        }
        // Nobody waits for an answer that came after its time limit.
        if (call != null) {
            call.complete(message);
        }
    }

    private void fail(String reason) {
        List<Call> failed;
        lock.lock();
        try {
            if (closed != null) {
                return;
            }
            closed = reason;
            failed = new ArrayList<>(calls.values());
            calls.clear();
        } finally {
            lock.unlock();
        }
        for (Call call : failed) {
            call.fail(reason);
        }
        watches.end(reason);
    }

    // Requests.

    void poll() {
        transport.poll();
    }

    boolean needsPolling() {
        return transport.needsPolling();
    }

    @Override
    XsMessage exchange(XsMessageType type, byte[] payload, String what) {
        return exchange(type, 0, payload, what);
    }

    /** What only asks is asked again if the connection starts over meanwhile; anything else may have been done, and fails. */
    XsMessage exchange(XsMessageType type, int transaction, byte[] payload, String what) {
        boolean asks = transaction == 0 && type.changesNothing();
        while (true) {
            int before = generation;
            try {
                return exchangeOnce(type, transaction, payload, what);
            } catch (XenstoreException e) {
                if (!asks || e.error() != XsError.EIO || generation == before) {
                    throw e;
                }
            }
        }
    }

    private XsMessage exchangeOnce(XsMessageType type, int transaction, byte[] payload, String what) {
        if (payload.length > XsWire.PAYLOAD_MAX) {
            throw new XenstoreException(XsError.E2BIG, type.name(), what);
        }
        Call call = new Call();
        int id = register(call, type, what);
        boolean done = false;
        try {
            byte[] bytes = new XsMessage(type.code(), id, transaction, payload).encode();
            sending.lock();
            try {
                transport.send(bytes);
            } finally {
                sending.unlock();
            }
            await(call, type, what);
            done = true;
        } finally {
            if (!done) {
                forget(id);
            }
        }
        XsMessage reply = call.reply();
        if (reply == null) {
            throw new XenstoreException(XsError.EIO, type.name(), what, new IllegalStateException(call.failure()));
        }
        return reply;
    }

    private int register(Call call, XsMessageType type, String what) {
        lock.lock();
        try {
            if (closed != null) {
                throw new XenstoreException(XsError.EIO, type.name(), what, new IllegalStateException(closed));
            }
            int id = nextRequest++;
            while (calls.containsKey(id)) {
                id = nextRequest++;
            }
            calls.put(id, call);
            return id;
        } finally {
            lock.unlock();
        }
    }

    private void forget(int id) {
        lock.lock();
        try {
            calls.remove(id);
        } finally {
            lock.unlock();
        }
    }

    private void await(Call call, XsMessageType type, String what) {
        long deadline = System.nanoTime() + timeoutNanos;
        long pause = MIN_PAUSE_NANOS;
        boolean polling = transport.needsPolling();
        int spins = polling ? SPINS : 0;
        while (true) {
            transport.poll();
            if (call.isDone()) {
                return;
            }
            if (spins > 0) {
                spins--;
                Thread.onSpinWait();
                continue;
            }
            long left = deadline - System.nanoTime();
            if (left <= 0) {
                throw new XenstoreException(XsError.EIO, type.name(), what, new IllegalStateException("no answer"));
            }
            LockSupport.parkNanos(call, polling ? Math.min(pause, left) : left);
            pause = Math.min(pause * 2, MAX_PAUSE_NANOS);
            if (Thread.currentThread().isInterrupted()) {
                throw new XenstoreException(XsError.EIO, type.name(), what, new InterruptedException());
            }
        }
    }

    @Override
    public byte[] request(XsMessageType type, byte[] payload) {
        return request(type, payload, "").payload();
    }

    // Transactions.

    @Override
    public Transaction begin() {
        int begun = generation;
        XsMessage reply = request(XsMessageType.TRANSACTION_START, Payloads.nothing(), "");
        try {
            return new ClientTransaction(this, Integer.parseUnsignedInt(reply.text()), begun);
        } catch (NumberFormatException e) {
            throw new XenstoreException(XsError.EIO, "TRANSACTION_START", reply.text(), e);
        }
    }

    @Override
    public <T> T transaction(Function<Transaction, T> body) {
        for (int attempt = 1; ; attempt++) {
            try (Transaction transaction = begin()) {
                T result = body.apply(transaction);
                if (transaction.isOpen()) {
                    transaction.commit();
                }
                return result;
            } catch (XenstoreException e) {
                if (e.error() != XsError.EAGAIN || attempt == MAX_ATTEMPTS) {
                    throw e;
                }
            }
            if (attempt > 2) {
                // Somebody else's transaction is as eager as ours: stand back for a moment, a random one.
                LockSupport.parkNanos(ThreadLocalRandom.current().nextLong(Math.min(attempt, 20) * 1_000_000L));
            }
        }
    }

    // Watches.

    @Override
    public Watch watch(String path, String token) {
        return watch(path, token, -1, null);
    }

    @Override
    public Watch watch(String path, String token, WatchHandler handler) {
        return watch(path, token, -1, handler);
    }

    @Override
    public Watch watch(String path, String token, int depth, WatchHandler handler) {
        byte[] payload;
        try {
            payload =
                    depth < 0 ? Payloads.strings(path, token) : Payloads.strings(path, token, Integer.toString(depth));
        } catch (IllegalArgumentException e) {
            throw new XenstoreException(XsError.EINVAL, "WATCH", path, e);
        }
        ClientWatch watch = new ClientWatch(this, path, token, handler, payload);
        watches.add(watch);
        boolean set = false;
        try {
            request(XsMessageType.WATCH, payload, path);
            watch.markSet();
            set = true;
        } finally {
            if (!set) {
                watches.remove(watch);
            }
        }
        return watch;
    }

    void unwatch(ClientWatch watch) {
        watches.remove(watch);
        try {
            request(XsMessageType.UNWATCH, Payloads.strings(watch.path(), watch.token()), watch.path());
        } catch (XenstoreException e) {
            // Gone is what the caller wants: with the connection, or by resetWatches().
            if (e.error() != XsError.ENOENT && e.error() != XsError.EIO) {
                throw e;
            }
        }
    }

    @Override
    public void resetWatches() {
        request(XsMessageType.RESET_WATCHES, Payloads.nothing(), "");
        watches.clear("watches were reset");
    }

    // Domains.

    @Override
    public String getDomainPath(int domid) {
        return domain(XsMessageType.GET_DOMAIN_PATH, domid).text();
    }

    @Override
    public boolean isDomainIntroduced(int domid) {
        return domain(XsMessageType.IS_DOMAIN_INTRODUCED, domid).text().equals("T");
    }

    @Override
    public void introduce(int domid, long gfn, int port) {
        String id = Integer.toString(domid);
        request(XsMessageType.INTRODUCE, Payloads.strings(id, Long.toString(gfn), Integer.toString(port)), id);
    }

    @Override
    public void release(int domid) {
        domain(XsMessageType.RELEASE, domid);
    }

    @Override
    public void resume(int domid) {
        domain(XsMessageType.RESUME, domid);
    }

    @Override
    public void setTarget(int domid, int target) {
        String id = Integer.toString(domid);
        request(XsMessageType.SET_TARGET, Payloads.strings(id, Integer.toString(target)), id);
    }

    private XsMessage domain(XsMessageType type, int domid) {
        String id = Integer.toString(domid);
        return request(type, id.concat("\0").getBytes(StandardCharsets.US_ASCII), id);
    }

    @Override
    public void close() {
        fail("closed");
        transport.close();
    }
}
