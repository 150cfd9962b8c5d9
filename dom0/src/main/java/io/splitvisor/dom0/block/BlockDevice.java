// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.block;

import io.splitvisor.abi.XenErrno;
import io.splitvisor.abi.io.XenbusState;
import io.splitvisor.backend.BackendDomain;
import io.splitvisor.xenbus.XenbusDevice;
import io.splitvisor.xenbus.XenbusException;
import io.splitvisor.xenbus.XenbusNode;
import io.splitvisor.xenstore.Xenstore;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Consumer;

/**
 * A virtual disk's back end: follows the front end through its states, connects and disconnects. Everything here happens
 * on the device's control thread unless it says otherwise.
 *
 * <pre>
 *   front end                         this end
 *   Initialising                      InitWait (from Closed: it comes back)
 *   Initialised, Connected            connects its rings, Connected
 *   Closing                           Closing
 *   Closed                            drains, unmaps, Closed; removed if it is to go
 *   Unknown (its node is gone)        drains, unmaps, removed
 *   anything else                     error, Closing, drains, unmaps
 * </pre>
 *
 * An end that has gone to Closing because of an error connects again only after the front end was in Closed.
 */
final class BlockDevice implements XenbusDevice.Driver {
    private final BackendDomain backend;
    private final BlockConfig config;
    private final BlockPaths paths;
    private final Disk disk;
    private final BlockNodes nodes;
    private final XenbusDevice xenbus;
    private final BlockBackend.EventLog log;
    private final Consumer<BlockDevice> whenRemoved;
    private final CompletableFuture<Void> removed = new CompletableFuture<>();
    private final BlockQueue.Listener queueListener = new QueueListener();
    private volatile BlockConnection connection;

    /** What connections that are over did. Guarded by itself. */
    private final long[] retired = new long[QueueStatistics.width()];

    private CompletableFuture<Void> draining;
    private boolean online = true;
    private boolean forced;
    private boolean gone;

    BlockDevice(
            BackendDomain backend,
            Xenstore store,
            BlockConfig config,
            BlockBackend.EventLog log,
            Consumer<BlockDevice> whenRemoved) {
        this.backend = backend;
        this.config = config;
        this.log = log;
        this.whenRemoved = whenRemoved;
        this.paths = new BlockPaths(backend.domid(), config.frontendDomid(), config.devid());
        this.disk = new Disk(config.store(), config.readOnly(), config.options());
        this.nodes = new BlockNodes(store, paths);
        this.xenbus = new XenbusDevice(
                store,
                backend.control("vbd " + config.frontendDomid() + "/" + config.devid()),
                new XenbusNode(store, paths.backend()),
                new XenbusNode(store, paths.frontend()),
                paths.error(),
                XenbusState.INIT_WAIT,
                this);
    }

    /** Writes the nodes and begins to follow the front end. Any thread, once. */
    void start() {
        nodes.create(config, disk);
        xenbus.start();
    }

    BlockConfig config() {
        return config;
    }

    BlockPaths paths() {
        return paths;
    }

    XenbusNode frontend() {
        return xenbus.peer();
    }

    /** Counters since the disk was attached, over all its connections. Any thread. */
    BlockStatistics statistics() {
        synchronized (retired) {
            long[] totals = retired.clone();
            BlockConnection now = connection;
            if (now != null) {
                now.addTo(totals);
            }
            return new BlockStatistics(totals);
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
            case INITIALISING -> {
                if (xenbus.state() == XenbusState.CLOSED) {
                    xenbus.switchTo(XenbusState.INIT_WAIT);
                }
            }
            case INITIALISED, CONNECTED -> connect();
            case CLOSING -> {
                if (xenbus.state() != XenbusState.CLOSED) {
                    xenbus.switchTo(XenbusState.CLOSING);
                }
            }
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

    private void connect() {
        if (draining != null) {
            failUnlessClosing(XenErrno.EBUSY, "pending I/O");
            return;
        }
        if (xenbus.state() == XenbusState.CONNECTED || xenbus.state() == XenbusState.CLOSING) {
            return;
        }
        FrontendOffer offer = FrontendOffer.read(xenbus.peer(), config.options());
        try {
            connection = BlockConnection.open(backend, config.frontendDomid(), disk, offer, queueListener)
                    .join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof XenbusException cause) {
                throw cause;
            }
            throw new XenbusException(
                    XenErrno.EINVAL, "cannot connect: " + e.getCause().getMessage(), e.getCause());
        }
        xenbus.switchTo(XenbusState.CONNECTED);
    }

    private void closed() {
        if (drain()) {
            xenbus.switchTo(XenbusState.CLOSED);
            if (!online) {
                remove();
            }
        }
    }

    private void removeWhenDrained() {
        if (drain()) {
            remove();
        }
    }

    /** Sees that nothing of the guest is used any more: true if that is so; otherwise the front end is looked at again. */
    private boolean drain() {
        BlockConnection now = connection;
        if (draining == null && now != null) {
            CompletableFuture<Void> done = now.close();
            draining = done;
            done.thenRun(() -> xenbus.execute(() -> {
                retire(now);
                draining = null;
                xenbus.lookSoon();
            }));
        }
        return draining == null;
    }

    private void retire(BlockConnection over) {
        synchronized (retired) {
            over.addTo(retired);
            connection = null;
        }
    }

    @Override
    public void failed(XenbusException cause) {
        log.event(config.frontendDomid(), "vbd " + config.devid() + ": " + cause.getMessage());
        drain();
    }

    private void remove() {
        gone = true;
        nodes.remove();
        xenbus.close();
        config.store().close();
        whenRemoved.accept(this);
        removed.complete(null);
    }

    /**
     * Begins to remove the device. Any thread; may be called again to insist.
     *
     * @param force does not ask the front end
     * @return done when the device is gone, its nodes removed and its store closed
     */
    CompletableFuture<Void> detach(boolean force) {
        xenbus.execute(() -> {
            if (gone) {
                return;
            }
            boolean alone = connection == null && draining == null;
            forced = forced || force || alone;
            if (online && !forced) {
                online = false;
                xenbus.own().write("online", 0);
                xenbus.switchTo(XenbusState.CLOSING);
            }
            xenbus.lookSoon();
        });
        return removed;
    }

    /** The queues' words, brought from the loop to the control thread. */
    private final class QueueListener implements BlockQueue.Listener {
        @Override
        public void misbehaved(String how) {
            xenbus.execute(() -> {
                log.event(config.frontendDomid(), "vbd " + config.devid() + ": the front end " + how + "; ring halted");
            });
        }

        @Override
        public void failed(RuntimeException cause) {
            xenbus.execute(() -> {
                throw new XenbusException(XenErrno.EIO, "the ring cannot be served: " + cause, cause);
            });
        }

        @Override
        public void flushUnsupported() {
            xenbus.execute(nodes::withdrawFlush);
        }
    }
}
