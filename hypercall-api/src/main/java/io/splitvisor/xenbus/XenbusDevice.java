// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.xenbus;

import io.splitvisor.abi.io.XenbusState;
import io.splitvisor.xenstore.Watch;
import io.splitvisor.xenstore.Xenstore;
import io.splitvisor.xenstore.XenstoreException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * One end's control thread: watches the other end's state and tells the driver. All of a driver's decisions are made on
 * this thread, one after the other; it may block.
 *
 * <p>What the driver is told is the state as it is now, not a history: changes that come in close succession may be seen
 * as one, and the same state may be told twice.
 */
public final class XenbusDevice implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(XenbusDevice.class.getName());

    private final Xenstore store;
    private final XenbusNode own;
    private final XenbusNode peer;
    private final String errorPath;
    private final Driver driver;
    private final ControlThread control;
    private final AtomicBoolean looking = new AtomicBoolean();
    private Watch watch;
    private boolean failed;
    private Wait wait;
    private long waits;
    private volatile boolean closed;
    private volatile XenbusState state;

    /** What a device does. Called on the device's thread. */
    public interface Driver {
        /**
         * The other end is in this state; {@link XenbusState#UNKNOWN} if its node is gone.
         *
         * @throws XenbusException if this end cannot go on; it has gone to Closing when {@link #failed} is called
         */
        void peerChanged(XenbusState peer);

        /** This end has met an error that it cannot get over: it is in Closing, and the {@code error} node is written. */
        void failed(XenbusException cause);
    }

    /**
     * @param control where this end decides; closed with the device
     * @param own this end's folder, which is there already
     * @param errorFolder where errors are told: {@code /local/domain/0/error/backend/vbd/1/51712}
     * @param state this end's state now
     */
    public XenbusDevice(
            Xenstore store,
            ControlThread control,
            XenbusNode own,
            XenbusNode peer,
            String errorFolder,
            XenbusState state,
            Driver driver) {
        this.store = store;
        this.control = control;
        this.own = own;
        this.peer = peer;
        this.errorPath = errorFolder + "/error";
        this.state = state;
        this.driver = driver;
    }

    /** Starts watching the other end. */
    public void start() {
        watch = store.watch(peer.path("state"), own.path(), event -> lookSoon());
    }

    /** This end's folder. */
    public XenbusNode own() {
        return own;
    }

    /** The other end's folder. */
    public XenbusNode peer() {
        return peer;
    }

    /** This end's state. */
    public XenbusState state() {
        return state;
    }

    /** Runs a task on the device's thread. Tasks that throw {@link XenbusException} fail the device. */
    public void execute(Runnable task) {
        control.execute(() -> run(task));
    }

    /** Runs a task on the device's thread when some time has passed. */
    public void schedule(Runnable task, Duration after) {
        control.schedule(() -> run(task), after);
    }

    /** The thread's clock. */
    public ControlThread control() {
        return control;
    }

    /** Looks at the other end's state again, on the device's thread; at most one look waits at a time. */
    public void lookSoon() {
        if (looking.compareAndSet(false, true)) {
            execute(this::look);
        }
    }

    private void look() {
        looking.set(false);
        driver.peerChanged(peer.state());
    }

    /** Changes this end's state. On the device's thread. */
    public void switchTo(XenbusState next) {
        failed &= next == XenbusState.CLOSING;
        state = next;
        own.switchTo(next);
    }

    /**
     * Says what this end waits for from now on. Waiting for the same thing already, it goes on doing so. On the device's
     * thread.
     *
     * @param what see {@link Wait#what}
     * @param limit zero for none
     * @param atLimit run on the device's thread if the limit has passed and it still waits for that
     */
    public void waitFor(String what, Duration limit, Runnable atLimit) {
        if (wait != null && wait.what().equals(what)) {
            return;
        }
        wait = new Wait(what, control.currentTimeMillis(), limit);
        long number = ++waits;
        own.tell(Wait.NODE, wait.text());
        if (!limit.isZero()) {
            schedule(() -> endWait(number, atLimit), limit);
        }
    }

    private void endWait(long number, Runnable atLimit) {
        if (wait != null && number == waits) {
            atLimit.run();
        }
    }

    /** Waits for nothing any more. On the device's thread. */
    public void waitOver() {
        if (wait != null) {
            wait = null;
            own.tell(Wait.NODE, null);
        }
    }

    /**
     * Tells the world why this end cannot go on, and goes to Closing ({@code xenbus_dev_fatal}). On the device's thread.
     * Until it has left Closing, further errors are no news.
     */
    public void fail(XenbusException cause) {
        if (failed) {
            return;
        }
        failed = true;
        try {
            store.write(errorPath, -cause.errno() + " " + cause.getMessage());
            switchTo(XenbusState.CLOSING);
        } catch (XenstoreException e) {
            LOG.log(System.Logger.Level.WARNING, own.path() + ": cannot tell the error", e);
        }
        driver.failed(cause);
    }

    private void run(Runnable task) {
        if (closed) {
            return;
        }
        try {
            task.run();
        } catch (XenbusException e) {
            fail(e);
        } catch (XenstoreException e) {
            // The store is the only way to talk about it. Without it nothing can be decided; the next event will tell.
            LOG.log(System.Logger.Level.WARNING, own.path() + ": xenstore failed", e);
        }
    }

    /** Stops watching, and runs no more tasks after the one that runs now. Idempotent; any thread. */
    @Override
    public void close() {
        closed = true;
        if (watch != null) {
            watch.close();
        }
        control.close();
    }
}
