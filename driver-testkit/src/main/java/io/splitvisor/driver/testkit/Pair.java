// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.testkit;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.splitvisor.abi.io.XenbusState;
import io.splitvisor.driver.DeviceProtocol;
import io.splitvisor.driver.frontend.CallException;
import io.splitvisor.driver.testkit.TestedBackend.Attached;
import io.splitvisor.driver.testkit.TestedFrontend.Exchange;
import io.splitvisor.driver.testkit.TestedFrontend.Opened;
import io.splitvisor.xenbus.XenbusException;
import io.splitvisor.xenbus.XenbusNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** A front end and a back end with each other, in a machine, and what a toolstack would do around them. */
public final class Pair implements AutoCloseable, Machine.Ends {
    /** Longer than any end waits for the other. */
    public static final Duration LIMIT = Duration.ofMinutes(15);

    private static final int DEVID = 3;
    private static final int PAGES = 2048;

    private final TestedBackend backend;
    private final TestedFrontend frontend;
    private final Machine machine;
    private TestGuest guest;
    private TestFrontendDomain frontDomain;
    private TestBackendDomain backDomain;
    private Attached attached;
    private Opened opened;
    private boolean frontAlive;
    private boolean backAlive;

    /** Both ends, begun: nothing has happened yet. */
    public Pair(TestedBackend backend, TestedFrontend frontend, Order order, FaultPlan plan) {
        this.backend = backend;
        this.frontend = frontend;
        this.machine = new Machine(order, plan);
        machine.ends(this);
        guest = machine.newGuest(PAGES);
        startBack();
        startFront();
    }

    private void startBack() {
        backDomain = machine.newBackend();
        attached = backend.attach(backDomain, guest.domid(), DEVID);
        backAlive = true;
    }

    private void startFront() {
        frontDomain = guest.newFrontend();
        opened = open();
        frontAlive = true;
    }

    private Opened open() {
        try {
            return frontend.open(frontDomain, DEVID);
        } catch (CallException e) {
            return new NoDevice(e.getMessage());
        }
    }

    /** What a front end is that finds no device. */
    private record NoDevice(String reason) implements Opened {
        @Override
        public boolean isConnected() {
            return false;
        }

        @Override
        public boolean isGone() {
            return true;
        }

        @Override
        public Exchange submit() {
            return new TestedFrontend.Refused();
        }

        @Override
        public void poll() {
            // There is nothing to poll.
        }

        @Override
        public CompletableFuture<Void> close() {
            return CompletableFuture.completedFuture(null);
        }
    }

    /** Where they are. */
    public Machine machine() {
        return machine;
    }

    /** The front end. */
    public Opened front() {
        return opened;
    }

    /** The device, as the back end's toolstack has it. */
    public Attached back() {
        return attached;
    }

    /** The guest. */
    public TestGuest guest() {
        return guest;
    }

    /** Whether an end was not killed. */
    public boolean isAlive(End end) {
        return end == End.FRONT ? frontAlive : backAlive;
    }

    /** An end's folder in xenstore. */
    public String folder(End end) {
        DeviceProtocol protocol = backend.protocol();
        return end == End.FRONT
                ? MockPeer.frontFolder(protocol, guest.domid(), DEVID)
                : MockPeer.backFolder(protocol, guest.domid(), DEVID);
    }

    /** An end's state; Unknown if there is none, or garbage. */
    public XenbusState state(End end) {
        try {
            return new XenbusNode(machine.store(), folder(end)).state();
        } catch (XenbusException e) {
            return XenbusState.UNKNOWN;
        }
    }

    /** Whether both say that they are connected. */
    public boolean isConnected() {
        return opened.isConnected()
                && state(End.FRONT) == XenbusState.CONNECTED
                && state(End.BACK) == XenbusState.CONNECTED;
    }

    /**
     * An end dies. A front end dies with its domain, and a toolstack tells the back end and takes the domain's nodes away when
     * that is done with it; a back end's nodes are taken away with its domain.
     */
    @Override
    public void die(End end) {
        if (!isAlive(end)) {
            return;
        }
        if (end == End.FRONT) {
            frontAlive = false;
            machine.kill(guest);
            if (backAlive) {
                attached.domainDied().thenRun(() -> machine.release(guest));
            }
        } else {
            backAlive = false;
            machine.kill(backDomain);
            if (machine.store().exists(folder(End.BACK))) {
                machine.store().rm(folder(End.BACK));
            }
        }
    }

    /** An end is gone without a word, and begins anew: a front end in its domain, as after a kexec; a back end as after a crash. */
    @Override
    public void restart(End end) {
        if (!frontAlive) {
            // There is nobody to begin anew for.
            return;
        }
        if (end == End.FRONT) {
            machine.kill(frontDomain);
            startFront();
        } else {
            machine.kill(backDomain);
            startBack();
        }
    }

    /** Makes requests, as many as asked, and waits until they are over; whether all succeeded. */
    public boolean exchange(int count) {
        List<Exchange> made = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            made.add(opened.submit());
        }
        boolean over = machine.runUntil(
                () -> {
                    opened.poll();
                    return made.stream().allMatch(Exchange::isDone);
                },
                LIMIT);
        assertTrue(over, () -> "requests that are never over" + machine.describe());
        return made.stream().allMatch(Exchange::succeeded);
    }

    /** Why the front end is not connected; empty if it has not said. */
    public String frontReason() {
        return opened.reason();
    }

    /** Why the back end is not connected; empty if it has not said. */
    public String backReason() {
        String path = "/local/domain/0/error/backend/" + backend.protocol().type() + '/' + guest.domid() + '/' + DEVID
                + "/error";
        String error = machine.store().readIfPresent(path);
        return error == null ? "" : error;
    }

    @Override
    public void close() {
        machine.close();
    }
}
