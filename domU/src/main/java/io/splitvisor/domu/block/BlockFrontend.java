// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.domu.block;

import io.splitvisor.abi.XenErrno;
import io.splitvisor.abi.io.BlkifProtocol;
import io.splitvisor.abi.io.XenbusState;
import io.splitvisor.frontend.FrontendDomain;
import io.splitvisor.xenbus.XenbusDevice;
import io.splitvisor.xenbus.XenbusException;
import io.splitvisor.xenbus.XenbusNode;
import io.splitvisor.xenstore.XenstoreNodes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/**
 * A disk's front end: follows the back end through its states, connects and disconnects its queues. All of it on the
 * device's control thread unless it says otherwise.
 *
 * <pre>
 *   back end                          this end
 *   InitWait                          offers its rings, Initialised (also when the back end comes back)
 *   Connected                         reads what the disk is like, puts the queues to work, Connected
 *   Closing                           waits for what is in flight, disconnects, Closed
 *   Closed, and will be back          Initialising
 *   Closed for good, or gone          the disk is gone
 * </pre>
 */
final class BlockFrontend implements XenbusDevice.Driver {
    private static final Duration DRAIN_LIMIT = Duration.ofSeconds(5);

    /** Connections in a row without a single answer, after which the back end is given up. */
    private static final int MOST_VAIN_CONNECTIONS = 5;

    private final FrontendDomain domain;
    private final int devid;
    private final BlockSettings settings;
    private final List<BlockQueue> queues;
    private final Consumer<String> log;
    private final XenbusNode own;
    private final int backendDomid;
    private final XenbusDevice xenbus;
    private final List<FrontendRing> rings = new ArrayList<>();
    private final CountDownLatch closed = new CountDownLatch(1);
    private int vainConnections;
    private long answeredBefore;
    private boolean closing;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private boolean connected;
    private boolean gone;
    private volatile BlockFeatures features;

    BlockFrontend(
            FrontendDomain domain, int devid, BlockSettings settings, List<BlockQueue> queues, Consumer<String> log) {
        this.domain = domain;
        this.devid = devid;
        this.settings = settings;
        this.queues = queues;
        this.log = log;
        String folder = "device/vbd/" + devid;
        this.own = new XenbusNode(domain.store(), folder);
        this.backendDomid = own.readUnsigned("backend-id");
        XenbusNode peer = new XenbusNode(domain.store(), own.read("backend"));
        this.xenbus = new XenbusDevice(
                domain.store(), domain.control("front vbd " + devid), own, peer, "error/" + folder, own.state(), this);
    }

    /** Any thread, once. */
    void start() {
        xenbus.execute(() -> {
            if (xenbus.state() != XenbusState.INITIALISING) {
                // Somebody used the disk before, and left it.
                xenbus.switchTo(XenbusState.INITIALISING);
            }
        });
        xenbus.start();
    }

    /** Any thread. */
    BlockFeatures features() {
        return features;
    }

    /** Any thread. */
    void awaitConnected(Duration timeout) {
        long left = timeout.toNanos();
        lock.lock();
        try {
            while (!connected && !gone) {
                if (left <= 0) {
                    throw new BlockException(
                            BlockException.Kind.TIMEOUT, "disk " + devid + ": the back end does not connect");
                }
                left = changed.awaitNanos(left);
            }
            if (gone) {
                throw new BlockException(BlockException.Kind.GONE, "disk " + devid + " is gone");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new BlockException(BlockException.Kind.TIMEOUT, "disk " + devid + ": interrupted while connecting");
        } finally {
            lock.unlock();
        }
    }

    private void tell(boolean nowConnected, boolean nowGone) {
        lock.lock();
        try {
            connected = nowConnected;
            gone = nowGone;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void peerChanged(XenbusState peer) {
        if (closing || gone) {
            return;
        }
        switch (peer) {
            case INIT_WAIT -> offer();
            case CONNECTED -> connect();
            case CLOSING -> {
                drain();
                close("the back end closes");
            }
            case CLOSED -> {
                close("the back end has closed");
                comeBackOrGo();
            }
            case UNKNOWN -> {
                close("the back end is gone");
                if (own.read("state") == null) {
                    finish();
                }
            }
            case INITIALISING, INITIALISED, RECONFIGURING, RECONFIGURED -> {
                // On its way to a state that matters.
            }
        }
    }

    private void comeBackOrGo() {
        boolean forGood = xenbus.peer().readUnsigned("online", 0) == 0;
        if (forGood || vainConnections >= MOST_VAIN_CONNECTIONS) {
            finish();
        } else {
            xenbus.switchTo(XenbusState.INITIALISING);
        }
    }

    /** The disk is gone, and does not come back. */
    private void finish() {
        tell(false, true);
        queues.forEach(BlockQueue::close);
    }

    private void offer() {
        boolean offered = xenbus.state() == XenbusState.INITIALISED && own.state() == XenbusState.INITIALISED;
        if (offered) {
            return;
        }
        disconnect("the back end starts anew");
        int order = Math.min(settings.ringPageOrder(), xenbus.peer().readUnsigned("max-ring-page-order", 0));
        int most = Math.max(1, xenbus.peer().readUnsigned("multi-queue-max-queues", 1));
        int count = Math.min(queues.size(), most);
        for (int i = 0; i < count; i++) {
            rings.add(new FrontendRing(domain, backendDomid, 1 << Math.max(0, order), queues.get(i)::upcall));
        }
        domain.store().transaction(nodes -> {
            write(nodes, order);
            return true;
        });
        // The toolstack may have made the nodes anew, with a state that was not this end's doing.
        xenbus.switchTo(XenbusState.INITIALISED);
    }

    private void write(XenstoreNodes nodes, int order) {
        boolean several = rings.size() > 1;
        writeOrRemove(nodes, "multi-queue-num-queues", several ? rings.size() : null);
        writeOrRemove(nodes, "ring-page-order", order > 0 ? order : null);
        for (int i = 0; i < rings.size(); i++) {
            String prefix = several ? "queue-" + i + '/' : "";
            FrontendRing ring = rings.get(i);
            if (order > 0) {
                for (int page = 0; page < ring.refs().length; page++) {
                    writeOrRemove(nodes, prefix + "ring-ref" + page, ring.refs()[page]);
                }
            } else {
                writeOrRemove(nodes, prefix + "ring-ref", ring.refs()[0]);
            }
            writeOrRemove(nodes, prefix + "event-channel", ring.port());
        }
        writeOrRemove(nodes, "protocol", BlkifProtocol.X86_64.node());
        writeOrRemove(nodes, "feature-persistent", settings.persistent() ? 1 : 0);
    }

    private void writeOrRemove(XenstoreNodes nodes, String name, Object value) {
        if (value != null) {
            nodes.write(own.path(name), value.toString());
        } else if (nodes.exists(own.path(name))) {
            nodes.rm(own.path(name));
        }
    }

    private void connect() {
        if (xenbus.state() != XenbusState.INITIALISED) {
            return;
        }
        features = BlockFeatures.read(xenbus.peer(), settings);
        for (int i = rings.size(); i < queues.size(); i++) {
            queues.get(i).redirect(queues.get(i % rings.size()));
        }
        for (int i = 0; i < rings.size(); i++) {
            FrontendRing ring = rings.get(i);
            queues.get(i).connect(new BlockQueue.RingEnd(ring.ring(), ring::send, backendDomid, features));
        }
        xenbus.switchTo(XenbusState.CONNECTED);
        tell(true, false);
    }

    /** Waits until nothing is in flight, but not for ever: a back end that closes because of an error answers no more. */
    private void drain() {
        queues.forEach(BlockQueue::pause);
        long end = System.nanoTime() + DRAIN_LIMIT.toNanos();
        while (!queues.stream().allMatch(BlockQueue::isQuiet) && System.nanoTime() < end) {
            boolean still = xenbus.peer().state() == XenbusState.CLOSING;
            if (!still) {
                return;
            }
            LockSupport.parkNanos(1_000_000);
        }
    }

    private void close(String why) {
        disconnect(why);
        if (xenbus.state() != XenbusState.CLOSED) {
            xenbus.switchTo(XenbusState.CLOSED);
        }
    }

    private void disconnect(String why) {
        if (rings.isEmpty()) {
            return;
        }
        log.accept("disk " + devid + ": " + why);
        queues.forEach(BlockQueue::disconnect);
        rings.forEach(FrontendRing::close);
        rings.clear();
        long answered = queues.stream().mapToLong(q -> q.counters().requests()).sum();
        vainConnections = answered == answeredBefore ? vainConnections + 1 : 0;
        answeredBefore = answered;
        tell(false, false);
    }

    /** The back end broke the rules of a ring. Any thread. */
    void misbehaved(String how) {
        log.accept("disk " + devid + ": the back end misbehaves: " + how);
        xenbus.execute(() -> {
            throw new XenbusException(XenErrno.EIO, "the back end misbehaves: " + how);
        });
    }

    @Override
    public void failed(XenbusException cause) {
        disconnect(cause.getMessage());
        finish();
    }

    /**
     * Disconnects for good. Any thread.
     *
     * @param limit how long requests in flight may take
     */
    void close(Duration limit) {
        xenbus.execute(() -> {
            if (!closing) {
                closing = true;
                shutDown(limit);
            }
        });
        boolean interrupted = false;
        while (true) {
            try {
                closed.await();
                break;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void shutDown(Duration limit) {
        try {
            queues.forEach(BlockQueue::pause);
            long end = System.nanoTime() + limit.toNanos();
            while (!queues.stream().allMatch(BlockQueue::isQuiet) && System.nanoTime() < end) {
                LockSupport.parkNanos(1_000_000);
            }
            if (!gone) {
                xenbus.switchTo(XenbusState.CLOSING);
                awaitBackend(limit);
            }
            close("closed");
            finish();
        } finally {
            xenbus.close();
            closed.countDown();
        }
    }

    /** Gives the back end the chance to unmap the buffers before they are used for something else. */
    private void awaitBackend(Duration limit) {
        long end = System.nanoTime() + Math.min(limit.toNanos(), TimeUnit.SECONDS.toNanos(1));
        xenbus.switchTo(XenbusState.CLOSED);
        while (System.nanoTime() < end) {
            XenbusState peer = xenbus.peer().state();
            if (peer == XenbusState.CLOSED || peer == XenbusState.UNKNOWN) {
                return;
            }
            LockSupport.parkNanos(1_000_000);
        }
    }
}
