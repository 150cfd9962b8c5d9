// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.xenstored;

import io.splitvisor.dom0.log.GuestLines;
import io.splitvisor.ring.ByteRing;
import io.splitvisor.xenstore.XsDecoder;
import io.splitvisor.xenstore.XsMessage;
import io.splitvisor.xenstore.XsWire;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * xenstored's end of a domain's ring. The domain may write anything at any time into the page: indices are checked
 * whenever they are read, bytes are copied once, and whatever is wrong ends this connection and nothing else.
 */
final class RingLink implements Link, Runnable {
    /** Requests in a row, and how long they may take together; then others have their turn. */
    private static final int BURST = 16;

    private static final long BURST_NANOS = 1_000_000;

    private static final Logger LOG = LoggerFactory.getLogger(RingLink.class);
    private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();

    private final XenstoreCore core;
    private final Client client;
    private final Timers timers;
    private final Complaints complaints;
    private final AtomicBoolean signalled = new AtomicBoolean();
    private final XsDecoder decoder = new XsDecoder();
    private RingPage page;
    private MemorySegment memory;
    private ByteRing requests;
    private ByteRing replies;
    private boolean eventTimer;
    private boolean creditTimer;
    private boolean running;
    private boolean moved;
    private volatile boolean closed;

    RingLink(XenstoreCore core, Client client, Timers timers) {
        this.core = core;
        this.client = client;
        this.timers = timers;
        this.complaints = new Complaints(core, client.domain());
    }

    /** Uses this page from now on, from its beginning: nothing in the rings, nothing set up. */
    void open(RingPage with) {
        page = with;
        memory = with.memory();
        requests = new ByteRing(memory, XsWire.REQ, XsWire.RING_SIZE, XsWire.REQ_CONS, XsWire.REQ_PROD);
        replies = new ByteRing(memory, XsWire.RSP, XsWire.RING_SIZE, XsWire.RSP_CONS, XsWire.RSP_PROD);
        INT.setRelease(memory, (long) XsWire.SERVER_FEATURES, client.domain().features());
        restart();
    }

    Client client() {
        return client;
    }

    /** The domain's event channel fired. From any thread; many signals become one look. */
    void signal() {
        if (!closed && !signalled.getAndSet(true)) {
            timers.execute(this);
        }
    }

    @Override
    public void resume() {
        signal();
    }

    @Override
    public void run() {
        signalled.set(false);
        if (closed) {
            return;
        }
        running = true;
        try {
            serve();
            core.settle();
            send();
            wake();
            complaints.checkMemory();
        } catch (RuntimeException e) {
            GuestLines.error(LOG, client.domid(), "domain {}: its xenstore ring cannot be used", client.domid(), e);
            misbehaved(XsWire.ERROR_COMM, "xenstore ring cannot be used");
        } finally {
            running = false;
        }
    }

    private void serve() {
        boolean offered = (client.domain().features() & XsWire.FEATURE_RECONNECTION) != 0;
        if (offered && (int) INT.getAcquire(memory, (long) XsWire.CONNECTION) == XsWire.RECONNECT) {
            restart();
        }
        long end = core.nowNanos() + BURST_NANOS;
        for (int i = 0; i < BURST && core.nowNanos() - end <= 0; i++) {
            send();
            if (client.isIgnored() || waitsForCredit() || !client.domain().mayRequest() || !receive()) {
                return;
            }
        }
        signal();
    }

    @Override
    public void flush() {
        // run() sends by itself; otherwise somebody else's request made an event for this domain.
        if (!running) {
            signal();
        }
    }

    /** Empties the rings and starts over, as the domain asked for. */
    private void restart() {
        decoder.reset();
        client.restart();
        for (int index = XsWire.REQ_CONS; index <= XsWire.RSP_PROD; index += Integer.BYTES) {
            INT.setRelease(memory, (long) index, 0);
        }
        INT.setRelease(memory, (long) XsWire.ERROR, XsWire.ERROR_NONE);
        INT.setRelease(memory, (long) XsWire.CONNECTION, XsWire.CONNECTED);
        page.signal().run();
    }

    /**
     * Reads up to one request and serves it.
     *
     * @return whether there may be more
     */
    private boolean receive() {
        while (true) {
            int count = requests.read(decoder.target(), decoder.offset(), decoder.wanted());
            if (count == ByteRing.CORRUPT) {
                misbehaved(XsWire.ERROR_RINGIDX, "impossible index in its xenstore ring");
                return false;
            }
            moved |= count > 0;
            XsMessage message = decoder.advance(count);
            if (decoder.broken()) {
                misbehaved(XsWire.ERROR_PROTO, "xenstore request longer than " + XsWire.PAYLOAD_MAX + " bytes");
                return false;
            }
            if (message != null) {
                core.process(client, message);
                return true;
            }
            if (count == 0) {
                return false;
            }
        }
    }

    private void send() {
        Outbox.Item item;
        while ((item = client.outbox().head()) != null) {
            int count = replies.write(item.bytes(), item.sent(), item.bytes().length - item.sent());
            if (count == ByteRing.CORRUPT) {
                misbehaved(XsWire.ERROR_RINGIDX, "impossible index in its xenstore ring");
                return;
            }
            if (count == 0) {
                break;
            }
            moved = true;
            client.outbox().advance(count);
        }
        if (client.outbox().hasTimedEvents() && !eventTimer) {
            eventTimer = true;
            timers.schedule(this::onEventsDue, Outbox.EVENT_MILLIS / 4, TimeUnit.MILLISECONDS);
        }
    }

    private boolean waitsForCredit() {
        long wait = client.domain().credit().waitMillis(core.nowMillis());
        if (wait > 0 && !creditTimer) {
            creditTimer = true;
            timers.schedule(this::onCredit, wait, TimeUnit.MILLISECONDS);
        }
        return wait > 0;
    }

    private void onCredit() {
        creditTimer = false;
        run();
    }

    private void onEventsDue() {
        eventTimer = false;
        if (!closed) {
            client.outbox().expire(core.nowMillis());
            run();
        }
    }

    private void wake() {
        if (moved) {
            moved = false;
            page.signal().run();
        }
    }

    private void misbehaved(int error, String what) {
        client.ignore(error);
        complaints.add(what);
    }

    @Override
    public void giveUp(int error) {
        decoder.reset();
        if ((client.domain().features() & XsWire.FEATURE_ERROR) == 0) {
            return;
        }
        try {
            INT.setRelease(memory, (long) XsWire.ERROR, error);
            page.signal().run();
        } catch (RuntimeException e) {
            LOG.debug("domain {} cannot be told that it is ignored", client.domid(), e);
        }
    }

    @Override
    public void close() {
        closed = true;
    }
}
