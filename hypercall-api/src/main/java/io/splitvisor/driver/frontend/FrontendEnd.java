// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.frontend;

import io.splitvisor.abi.XenErrno;
import io.splitvisor.abi.io.XenbusState;
import io.splitvisor.driver.FeatureValues;
import io.splitvisor.frontend.FrontendDomain;
import io.splitvisor.frontend.Suspendable;
import io.splitvisor.xenbus.TimeLimits;
import io.splitvisor.xenbus.XenbusDevice;
import io.splitvisor.xenbus.XenbusException;
import io.splitvisor.xenbus.XenbusNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;

/**
 * A device's front end: follows the back end through its states, connects and disconnects its queues. All of it on the
 * device's control thread unless it says otherwise, and nothing here waits.
 *
 * <pre>
 *   back end                          this end
 *   InitWait                          offers its rings, Initialised (also when the back end comes back)
 *   Connected                         reads what was agreed, puts the queues to work, Connected
 *   Closing                           waits for what is in flight, disconnects, Closed
 *   Closed, and will be back          Initialising
 *   Closed for good, or gone          the device is gone
 * </pre>
 *
 * What it waits for, and for how long at most, is in docs/driver-connection.md.
 */
final class FrontendEnd implements XenbusDevice.Driver, Suspendable {
    private static final Duration DRAIN_LIMIT = Duration.ofSeconds(5);
    private static final Duration LOOK_AGAIN = Duration.ofMillis(1);
    private static final Duration FAREWELL_LIMIT = Duration.ofSeconds(1);

    /** Connections in a row that were lost without any progress for what waited; then the back end is given up. */
    private static final int MOST_VAIN_CONNECTIONS = 5;

    private final FrontendDevice frontend;
    private final FrontendDomain domain;
    private final Traffic traffic;
    private final FrontendSettings settings;
    private final TimeLimits limits;
    private final Consumer<String> log;
    private final XenbusNode own;
    private final int backendDomid;
    private final XenbusDevice xenbus;
    private final Presence presence;
    private final List<RingPages> rings = new ArrayList<>();
    private final CompletableFuture<Void> closed = new CompletableFuture<>();
    private int vainConnections;
    private long progressBefore;
    private Drain drain;

    /** What has the domain's suspension wait; null when it does not, or does not any more. */
    private Drain resting;

    private boolean closing;
    private boolean saidGoodbye;
    private boolean gone;
    private volatile FeatureValues features;

    /** Waiting until nothing is in flight, but not for ever: a back end that closes because of an error answers no more. */
    private static final class Drain {
        private final long end;
        private final Runnable then;

        private Drain(long end, Runnable then) {
            this.end = end;
            this.then = then;
        }
    }

    FrontendEnd(FrontendDevice frontend, FrontendDomain domain, Traffic traffic, FrontendSettings settings) {
        this.frontend = frontend;
        this.domain = domain;
        this.traffic = traffic;
        this.settings = settings;
        this.limits = settings.limits();
        this.log = settings.log();
        this.presence = new Presence(frontend.toString());
        String folder = "device/" + frontend.type() + '/' + frontend.devid();
        this.own = new XenbusNode(domain.store(), folder);
        this.backendDomid = own.readUnsigned("backend-id");
        XenbusNode peer = new XenbusNode(domain.store(), own.read("backend"));
        this.xenbus = new XenbusDevice(
                domain.store(), domain.control(folder), own, peer, "error/" + folder, own.state(), this);
    }

    /** Any thread, once. */
    void start() {
        xenbus.execute(() -> {
            if (xenbus.state() != XenbusState.INITIALISING) {
                // Somebody used the device before, and left it.
                xenbus.switchTo(XenbusState.INITIALISING);
            }
        });
        domain.follow(this);
        xenbus.start();
    }

    FeatureValues features() {
        return features;
    }

    XenbusNode backend() {
        return xenbus.peer();
    }

    boolean isConnected() {
        return presence.isConnected();
    }

    void awaitConnected(Duration timeout) {
        presence.awaitConnected(timeout);
    }

    @Override
    public void peerChanged(XenbusState peer) {
        if (closing || gone) {
            leave(peer);
            return;
        }
        switch (peer) {
            case INIT_WAIT -> offer();
            case CONNECTED -> connect();
            case CLOSING -> drain(DRAIN_LIMIT, () -> close("the back end closes"));
            case CLOSED -> {
                close("the back end has closed");
                comeBackOrGo();
            }
            case UNKNOWN -> {
                close("the back end is gone");
                if (own.read("state") == null) {
                    finish();
                } else {
                    waitForComeBack();
                }
            }
            case INITIALISING, INITIALISED, RECONFIGURING, RECONFIGURED -> {
                // On its way to a state that matters.
                if (rings.isEmpty()) {
                    waitForComeBack();
                }
            }
        }
    }

    /** This end is on its way out: what the other end does only matters for when it may go. */
    private void leave(XenbusState peer) {
        boolean done = peer == XenbusState.CLOSED || peer == XenbusState.UNKNOWN;
        if (saidGoodbye) {
            if (done) {
                vanish();
            }
        } else if (gone && !closing && (done || peer == XenbusState.CLOSING)) {
            xenbus.waitOver();
            xenbus.switchTo(XenbusState.CLOSED);
        }
    }

    private void comeBackOrGo() {
        boolean forGood = xenbus.peer().readUnsigned("online", 0) == 0;
        if (forGood || vainConnections >= MOST_VAIN_CONNECTIONS) {
            finish();
        } else {
            xenbus.switchTo(XenbusState.INITIALISING);
            waitForComeBack();
        }
    }

    private void waitForComeBack() {
        xenbus.waitFor("the back end to come (state 2)", limits.comeBack(), () -> {
            log.accept(frontend + ": the back end does not come back");
            close("the back end does not come back");
            presence.because("the back end does not come back");
            finish();
        });
    }

    /** The device is gone, and does not come back. */
    private void finish() {
        if (gone) {
            return;
        }
        gone = true;
        presence.set(false, true);
        traffic.close();
        settings.hooks().gone(frontend);
    }

    private void offer() {
        boolean offered = xenbus.state() == XenbusState.INITIALISED && own.state() == XenbusState.INITIALISED;
        if (offered) {
            return;
        }
        disconnect("the back end starts anew");
        RingOffer offer = RingOffer.of(traffic.protocol(), settings, xenbus.peer());
        for (int i = 0; i < offer.queues(); i++) {
            rings.add(traffic.newRing(i, backendDomid, 1 << offer.order()));
        }
        offer.write(domain.store(), own, rings);
        // The toolstack may have made the nodes anew, with a state that was not this end's doing.
        xenbus.switchTo(XenbusState.INITIALISED);
        xenbus.waitFor("the back end to connect (state 4)", limits.connect(), () -> {
            throw new XenbusException(XenErrno.EIO, "the back end does not connect");
        });
    }

    private void connect() {
        if (xenbus.state() != XenbusState.INITIALISED) {
            return;
        }
        features = RingOffer.agreed(traffic.protocol(), settings, xenbus.peer());
        settings.hooks().connecting(frontend);
        traffic.connect(rings, new Link(backendDomid, features.has("feature-persistent"), features));
        xenbus.waitOver();
        xenbus.switchTo(XenbusState.CONNECTED);
        presence.set(true, false);
        settings.hooks().connected(frontend);
    }

    /** Lets what is in flight be answered, and puts nothing more into the rings. */
    private void drain(Duration limit, Runnable then) {
        if (drain == null) {
            traffic.pause();
            drain = new Drain(xenbus.control().nanoTime() + limit.toNanos(), then);
            xenbus.waitFor("the back end to finish what is in flight", limit, () -> {});
            lookWhetherDrained(drain);
        }
    }

    private void lookWhetherDrained(Drain looking) {
        if (!looking.equals(drain)) {
            return;
        }
        boolean over = xenbus.control().nanoTime() - looking.end >= 0;
        if (over || traffic.isQuiet()) {
            drain = null;
            xenbus.waitOver();
            looking.then.run();
        } else {
            xenbus.schedule(() -> lookWhetherDrained(looking), LOOK_AGAIN);
        }
    }

    private void close(String why) {
        disconnect(why);
        if (xenbus.state() != XenbusState.CLOSED) {
            xenbus.switchTo(XenbusState.CLOSED);
        }
        waitForComeBack();
    }

    private void disconnect(String why) {
        drain = null;
        xenbus.waitOver();
        if (rings.isEmpty()) {
            return;
        }
        log.accept(frontend + ": " + why);
        boolean somebodyWaits = traffic.disconnect();
        rings.forEach(RingPages::close);
        rings.clear();
        long progress = traffic.progress();
        vainConnections = somebodyWaits && progress == progressBefore ? vainConnections + 1 : 0;
        progressBefore = progress;
        presence.set(false, false);
        settings.hooks().disconnected(frontend, why);
    }

    /** The back end broke the rules of a ring. Any thread. */
    void misbehaved(String how) {
        log.accept(frontend + ": the back end misbehaves: " + how);
        xenbus.execute(() -> {
            throw new XenbusException(XenErrno.EIO, "the back end misbehaves: " + how);
        });
    }

    @Override
    public void failed(XenbusException cause) {
        disconnect(cause.getMessage());
        presence.because(cause.getMessage());
        finish();
        xenbus.waitFor("the back end to close (state 6)", limits.close(), () -> {
            xenbus.waitOver();
            xenbus.switchTo(XenbusState.CLOSED);
        });
        xenbus.lookSoon();
    }

    /** What is not answered in time is done again after the domain was resumed. */
    @Override
    public CompletableFuture<Void> suspending() {
        CompletableFuture<Void> quiet = new CompletableFuture<>();
        xenbus.execute(() -> {
            if (rings.isEmpty() || drain != null) {
                quiet.complete(null);
            } else {
                drain(DRAIN_LIMIT, () -> quiet.complete(null));
                resting = drain;
            }
        });
        return quiet;
    }

    @Override
    public void resumed() {
        xenbus.execute(() -> {
            if (!closing && !gone) {
                disconnect("the domain was suspended");
                xenbus.switchTo(XenbusState.INITIALISING);
                waitForComeBack();
                xenbus.lookSoon();
            }
        });
    }

    /** What the back end has done meanwhile is looked at as ever; if it closes, that goes on. */
    @Override
    public void suspendCancelled() {
        xenbus.execute(() -> {
            if (drain != null && drain.equals(resting)) {
                drain = null;
                xenbus.waitOver();
            }
            if (drain == null && !closing && !gone) {
                traffic.goOn();
            }
            xenbus.lookSoon();
        });
    }

    /** Disconnects for good, and waits for that. Any thread. */
    void close(Duration limit) {
        CompletableFuture<Void> done = closeSoon(limit);
        boolean interrupted = false;
        CountDownLatch latch = new CountDownLatch(1);
        done.whenComplete((_, _) -> latch.countDown());
        while (true) {
            try {
                latch.await();
                break;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Any thread. */
    CompletableFuture<Void> closeSoon(Duration limit) {
        xenbus.execute(() -> {
            if (!closing) {
                closing = true;
                drain = null;
                drain(limit, () -> sayGoodbye(limit));
            }
        });
        return closed;
    }

    /** Gives the back end the chance to unmap the pages before they are used for something else. */
    private void sayGoodbye(Duration limit) {
        if (gone || rings.isEmpty()) {
            vanish();
            return;
        }
        saidGoodbye = true;
        xenbus.switchTo(XenbusState.CLOSING);
        xenbus.switchTo(XenbusState.CLOSED);
        Duration most = limit.compareTo(FAREWELL_LIMIT) < 0 ? limit : FAREWELL_LIMIT;
        xenbus.waitFor("the back end to unmap (state 6)", most.isZero() ? LOOK_AGAIN : most, this::vanish);
        xenbus.lookSoon();
    }

    private void vanish() {
        try {
            disconnect("closed");
            if (xenbus.state() != XenbusState.CLOSED) {
                xenbus.switchTo(XenbusState.CLOSED);
            }
            finish();
        } finally {
            domain.unfollow(this);
            xenbus.close();
            closed.complete(null);
        }
    }
}
