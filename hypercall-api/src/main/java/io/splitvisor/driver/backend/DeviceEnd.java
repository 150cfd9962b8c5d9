// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.backend;

import io.splitvisor.abi.XenErrno;
import io.splitvisor.abi.io.XenbusState;
import io.splitvisor.backend.BackendDomain;
import io.splitvisor.xenbus.TimeLimits;
import io.splitvisor.xenbus.XenbusDevice;
import io.splitvisor.xenbus.XenbusException;
import io.splitvisor.xenbus.XenbusNode;
import io.splitvisor.xenstore.Xenstore;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/**
 * A device's back end: follows the front end through its states, connects and disconnects. Everything here happens on the
 * device's control thread unless it says otherwise, and nothing here waits.
 *
 * <pre>
 *   front end                         this end
 *   Initialising                      drains, unmaps, InitWait (it comes back, or starts over)
 *   Initialised, Connected            connects its rings, Connected
 *   Closing                           Closing
 *   Closed                            drains, unmaps, Closed; removed if it is to go
 *   Unknown (its node is gone)        drains, unmaps, removed
 *   anything else                     error, Closing, drains, unmaps
 * </pre>
 *
 * An end that has gone to Closing because of an error connects again only after the front end was in Closed or Initialising. What it waits
 * for, and for how long at most, is in docs/driver-connection.md.
 */
final class DeviceEnd implements XenbusDevice.Driver {
    private static final Duration NO_LIMIT = Duration.ZERO;

    private final BackendDomain backend;
    private final DeviceConfig config;
    private final DevicePaths paths;
    private final DeviceNodes nodes;
    private final XenbusDevice xenbus;
    private final TimeLimits limits;
    private final BackendDevices.EventLog log;
    private final Consumer<DeviceEnd> whenRemoved;
    private final CompletableFuture<Void> removed = new CompletableFuture<>();
    private final Reports reports = new Reports();
    private final HookWatch hooks;

    /** What connections that are over did. Guarded by itself. */
    private final long[] retired = new long[QueueCounters.WIDTH];

    private OpenDevice open;
    private volatile BackConnection connection;
    private boolean connecting;
    private CompletableFuture<Void> draining;
    private Reload reload;
    private boolean online = true;
    private boolean forced;
    private boolean refused;
    private volatile boolean gone;

    /** A driver that is to take over. */
    private record Reload(DeviceDriver driver, CompletableFuture<Void> done) {}

    /** Who a device belongs to, and what it may do. */
    record Surroundings(BackendDomain backend, Xenstore store, TimeLimits limits, BackendDevices.EventLog log) {}

    /** Takes a device that was opened. Any thread. */
    DeviceEnd(Surroundings around, DeviceConfig config, OpenDevice open, Consumer<DeviceEnd> whenRemoved) {
        this.backend = around.backend;
        this.config = config;
        this.open = open;
        this.limits = around.limits;
        this.log = around.log;
        this.whenRemoved = whenRemoved;
        this.paths = new DevicePaths(
                backend.domid(), open.driver().protocol().type(), config.frontendDomid(), config.devid());
        this.nodes = new DeviceNodes(around.store, paths);
        this.xenbus = new XenbusDevice(
                around.store,
                backend.control(paths.backend()),
                new XenbusNode(around.store, paths.backend()),
                new XenbusNode(around.store, paths.frontend()),
                paths.error(),
                XenbusState.INIT_WAIT,
                this);
        this.hooks = new HookWatch(xenbus, limits.hook());
    }

    /** Writes the nodes and begins to follow the front end. Any thread, once. */
    void start() {
        nodes.create(config, open.offer());
        xenbus.start();
    }

    DeviceConfig config() {
        return config;
    }

    DevicePaths paths() {
        return paths;
    }

    XenbusNode frontend() {
        return xenbus.peer();
    }

    XenbusDevice xenbus() {
        return xenbus;
    }

    /** The connection, or null. Any thread. */
    BackConnection connection() {
        return connection;
    }

    /** Whether a driver's hook has not returned for longer than it may. Any thread. */
    boolean isHookLate() {
        return hooks.isLate();
    }

    /** Counters since the device was attached, over all its connections. Any thread. */
    long[] counters() {
        synchronized (retired) {
            long[] totals = retired.clone();
            BackConnection now = connection;
            if (now != null) {
                now.addTo(totals);
            }
            return totals;
        }
    }

    @Override
    public void peerChanged(XenbusState peer) {
        if (gone) {
            return;
        }
        if (forced) {
            removeWhenDrained();
            return;
        }
        switch (peer) {
            case INITIALISING -> initialising();
            case INITIALISED, CONNECTED -> connect();
            case CLOSING -> closing();
            case CLOSED -> closed();
            case UNKNOWN -> removeWhenDrained();
            case INIT_WAIT, RECONFIGURING, RECONFIGURED ->
                failUnlessClosing(XenErrno.EINVAL, "saw state " + peer.code() + " at frontend");
        }
    }

    private void failUnlessClosing(int errno, String what) {
        if (xenbus.state() != XenbusState.CLOSING) {
            throw new XenbusException(errno, what);
        }
    }

    /** The front end comes, comes back, or, if it was connected, starts over without a word (kexec). */
    private void initialising() {
        if (!drain()) {
            return;
        }
        if (!online || reload != null) {
            closed();
            return;
        }
        refused = false;
        if (xenbus.state() != XenbusState.INIT_WAIT) {
            xenbus.waitOver();
            xenbus.switchTo(XenbusState.INIT_WAIT);
        }
        xenbus.waitFor("the front end to offer its rings (state 3)", NO_LIMIT, () -> {});
    }

    private void connect() {
        if (draining != null) {
            failUnlessClosing(XenErrno.EBUSY, "pending I/O");
            return;
        }
        boolean busy = connecting || connection != null || xenbus.state() == XenbusState.CLOSING;
        if (busy || refused) {
            return;
        }
        FrontendOffer wanted = FrontendOffer.read(xenbus.peer(), open.driver(), open.offer());
        BackConnection next;
        try {
            next = new BackConnection(backend, config, new BackConnection.Opening(open, wanted, reports));
            open.device().connect(next);
        } catch (RuntimeException | Error e) {
            throw new XenbusException(XenErrno.EIO, "the driver cannot connect: " + Blame.of(e), e);
        }
        connecting = true;
        xenbus.waitFor("its own I/O loop to map the rings", limits.connect(), () -> {
            throw new XenbusException(XenErrno.EIO, "the I/O loop does not answer");
        });
        next.open().whenComplete((_, failure) -> xenbus.execute(() -> connected(next, failure)));
    }

    private void connected(BackConnection next, Throwable failure) {
        connecting = false;
        xenbus.waitOver();
        if (failure != null) {
            disconnected(next, "could not connect");
            Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
            throw cause instanceof XenbusException known
                    ? known
                    : new XenbusException(XenErrno.EIO, "cannot connect: " + Blame.of(cause), cause);
        }
        connection = next;
        if (xenbus.state() == XenbusState.CLOSING || forced) {
            drain();
        } else {
            hooks.begin(next, turns -> hookIsLate(next, turns));
            xenbus.switchTo(XenbusState.CONNECTED);
        }
        xenbus.lookSoon();
    }

    private void closing() {
        if (xenbus.state() != XenbusState.CLOSED) {
            xenbus.switchTo(XenbusState.CLOSING);
            waitForClose();
        }
    }

    private void waitForClose() {
        xenbus.waitFor("the front end to close (state 6)", limits.close(), () -> {
            report("the front end does not close within " + limits.close().toSeconds() + " s");
            refused = true;
            closed();
        });
    }

    private void closed() {
        if (!drain()) {
            return;
        }
        refused &= peerState() != XenbusState.CLOSED;
        xenbus.waitOver();
        xenbus.switchTo(XenbusState.CLOSED);
        if (!online) {
            remove();
        } else if (reload != null) {
            swap();
        }
    }

    /** The front end's state; Unknown if it is none. */
    private XenbusState peerState() {
        try {
            return xenbus.peer().state();
        } catch (XenbusException e) {
            return XenbusState.UNKNOWN;
        }
    }

    private void removeWhenDrained() {
        if (drain()) {
            remove();
        }
    }

    /** Sees that nothing of the guest is used any more: true if that is so; otherwise the front end is looked at again. */
    private boolean drain() {
        BackConnection now = connection;
        if (draining == null && now != null) {
            CompletableFuture<Void> done = now.close();
            draining = done;
            done.thenRun(() -> xenbus.execute(() -> drained(now)));
        }
        if (draining != null) {
            xenbus.waitFor("the driver to complete the requests in flight", limits.drain(), this::drainsTooLong);
        }
        return draining == null && !connecting;
    }

    private void drained(BackConnection over) {
        synchronized (retired) {
            over.addTo(retired);
            connection = null;
        }
        draining = null;
        hooks.end();
        xenbus.waitOver();
        disconnected(over, "closed");
        if (xenbus.state() == XenbusState.CLOSING && !forced) {
            if (refused) {
                closed();
            } else {
                waitForClose();
            }
        }
        xenbus.lookSoon();
    }

    private void disconnected(BackConnection over, String why) {
        try {
            over.device().disconnect(over, why);
        } catch (RuntimeException | Error e) {
            report("the driver failed while disconnecting: " + e);
        }
    }

    /** The front end's pages stay mapped, since somebody may use them; but the front end need not wait for that. */
    private void drainsTooLong() {
        report("the driver has not completed its requests within "
                + limits.drain().toSeconds() + " s");
        if (!forced) {
            xenbus.switchTo(XenbusState.CLOSED);
        }
    }

    @Override
    public void failed(XenbusException cause) {
        report(cause.getMessage());
        if (drain()) {
            waitForClose();
        }
        xenbus.lookSoon();
    }

    private void report(String line) {
        log.event(config.frontendDomid(), paths.type() + " " + config.devid() + ": " + line);
    }

    private void hookIsLate(BackConnection late, long[] turns) {
        report("the driver's hook has not returned for " + limits.hook().toSeconds() + " s");
        if (late.abandon(turns)) {
            throw new XenbusException(XenErrno.EIO, "the driver's hook does not return");
        }
    }

    private void remove() {
        gone = true;
        nodes.remove();
        xenbus.close();
        closeDevice();
        if (reload != null) {
            reload.done.completeExceptionally(new DeviceException(paths.backend() + " was detached"));
        }
        whenRemoved.accept(this);
        removed.complete(null);
    }

    private void closeDevice() {
        try {
            open.device().close();
        } catch (RuntimeException | Error e) {
            report("the driver failed while closing: " + e);
        }
    }

    /** Says so in the front end's stead, which does not know yet. Any thread. */
    void frontendBeginsAnew() {
        xenbus.execute(() -> {
            if (!gone && online) {
                xenbus.peer().write("state", XenbusState.INITIALISING.code());
                xenbus.lookSoon();
            }
        });
    }

    /**
     * Begins to remove the device. Any thread; may be called again to insist.
     *
     * @param force does not ask the front end
     * @return done when the device is gone, its nodes removed and its driver closed
     */
    CompletableFuture<Void> detach(boolean force) {
        xenbus.execute(() -> {
            if (gone) {
                return;
            }
            boolean idle = connection == null && draining == null && !connecting;
            forced = forced || force || idle;
            if (online && !forced) {
                online = false;
                xenbus.own().write("online", 0);
                xenbus.switchTo(XenbusState.CLOSING);
                waitForClose();
            }
            xenbus.lookSoon();
        });
        return removed;
    }

    /**
     * Replaces the driver: closes the connection, opens the device anew, and lets the front end connect again. Any thread.
     *
     * @param next the driver to use from now on, given the one until now
     * @return done when the new driver is in place; fails with {@link DeviceException} if it cannot open the device, which
     *     then goes on with the old one
     */
    CompletableFuture<Void> reload(UnaryOperator<DeviceDriver> next) {
        CompletableFuture<Void> done = new CompletableFuture<>();
        xenbus.execute(() -> {
            if (gone || forced || !online) {
                done.complete(null);
            } else if (reload != null) {
                done.completeExceptionally(new DeviceException(paths.backend() + " is being reloaded"));
            } else {
                reload = new Reload(next.apply(open.driver()), done);
                startReload();
            }
        });
        return done;
    }

    private void startReload() {
        if (connection == null && !connecting && draining == null) {
            xenbus.switchTo(XenbusState.CLOSED);
            swap();
        } else {
            xenbus.switchTo(XenbusState.CLOSING);
            waitForClose();
            xenbus.lookSoon();
        }
    }

    private void swap() {
        Reload now = reload;
        reload = null;
        OpenDevice before = open;
        closeDevice();
        DeviceException problem = null;
        try {
            open = OpenDevice.open(now.driver, config);
        } catch (DeviceException e) {
            problem = e;
            open = reopen(before.driver(), e);
        }
        nodes.replace(before.offer(), open.offer());
        refused = false;
        xenbus.switchTo(XenbusState.INIT_WAIT);
        xenbus.lookSoon();
        if (problem == null) {
            now.done.complete(null);
        } else {
            now.done.completeExceptionally(problem);
        }
    }

    /** The new driver cannot; so the old one goes on, or else there is no device any more. */
    private OpenDevice reopen(DeviceDriver old, DeviceException why) {
        report("cannot be reloaded: " + why.getMessage());
        try {
            return OpenDevice.open(old, config);
        } catch (DeviceException e) {
            throw new XenbusException(XenErrno.EIO, "neither new nor old driver opens it: " + e.getMessage(), e);
        }
    }

    /** The queues' and the driver's words, brought to the control thread. */
    final class Reports implements BackQueue.Listener, BackBytes.Listener {
        @Override
        public void misbehaved(String how) {
            report("the front end " + how + "; ring halted");
        }

        @Override
        public void failed(RuntimeException cause) {
            xenbus.execute(() -> {
                throw new XenbusException(XenErrno.EIO, "the driver failed: " + Blame.of(cause), cause);
            });
        }

        @Override
        public void report(String line) {
            xenbus.execute(() -> DeviceEnd.this.report(line));
        }

        void tell(String node, Object value) {
            xenbus.execute(() -> xenbus.own().tell(node, value));
        }
    }
}
