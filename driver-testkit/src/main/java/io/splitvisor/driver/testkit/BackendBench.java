// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.splitvisor.abi.io.XenbusState;
import io.splitvisor.driver.DeviceProtocol;
import java.time.Duration;
import java.util.function.BooleanSupplier;
import java.util.function.Function;

/**
 * A back end with a device attached, and a mock front end in front of it.
 *
 * @param <F> the kind of mock
 */
abstract class BackendBench<F extends MockFront> implements AutoCloseable {
    /** Longer than any end waits for the other. */
    static final Duration LIMIT = Duration.ofMinutes(5);

    static final int DEVID = 7;
    private static final int PAGES = 1024;

    private final TestedBackend tested;
    private final Machine machine;
    private final TestGuest guest;
    private final TestedBackend.Attached attached;
    private final F front;
    private String lastError = "";

    BackendBench(TestedBackend tested, Order order, Function<TestGuest, F> fronts) {
        this.tested = tested;
        this.machine = new Machine(order);
        this.guest = machine.newGuest(PAGES);
        this.attached = tested.attach(machine.newBackend(), guest.domid(), DEVID);
        this.front = fronts.apply(guest);
    }

    /** So many small pieces of work go well, one after the other. */
    abstract void exchange(int count);

    /** Gives the back end a small piece of work, if there is room for it. */
    abstract void ask();

    DeviceProtocol declared() {
        return tested.protocol();
    }

    TestedBackend.Attached attached() {
        return attached;
    }

    F front() {
        return front;
    }

    Machine machine() {
        return machine;
    }

    TestGuest guest() {
        return guest;
    }

    void await(String what, BooleanSupplier condition) {
        machine.await(what, condition, LIMIT);
    }

    void awaitPeer(XenbusState state) {
        await("back end " + state, () -> front.peerState() == state);
    }

    /** Offers a ring, and waits for the back end. */
    void connect() {
        front.offer();
        awaitPeer(XenbusState.CONNECTED);
        front.state(XenbusState.CONNECTED);
        machine.run();
    }

    /** What the {@code error} node says; empty if nothing. */
    String error() {
        String path =
                "/local/domain/0/error/backend/" + declared().type() + '/' + guest.domid() + '/' + DEVID + "/error";
        String text = machine.store().readIfPresent(path);
        return text == null ? "" : text;
    }

    /** The last error that was expected. */
    String lastError() {
        return lastError;
    }

    /** The front end goes through Closing and Closed, and the back end follows and lets go of everything. */
    void disconnect() {
        front.state(XenbusState.CLOSING);
        machine.run();
        front.state(XenbusState.CLOSED);
        awaitPeer(XenbusState.CLOSED);
        assertNothingMapped();
    }

    /** The same, and the front end may begin anew. */
    void reset() {
        disconnect();
        front.state(XenbusState.INITIALISING);
        awaitPeer(XenbusState.INIT_WAIT);
    }

    void assertNothingMapped() {
        assertEquals(0, guest.domain().grants().inUse(), () -> "pages still mapped" + machine.describe());
    }

    /** After an error: the back end is in Closing and says why. */
    void assertRefused(String why) {
        await("an error node about " + why, () -> !error().isEmpty());
        lastError = error();
        await(
                "Closing or Closed",
                () -> front.peerState() == XenbusState.CLOSING || front.peerState() == XenbusState.CLOSED);
        await("nothing mapped", () -> guest.domain().grants().inUse() == 0);
    }

    /** The device can be taken away, whatever happened before. */
    void detach() {
        var done = attached.detach(true);
        await("detached", done::isDone);
        assertNothingMapped();
        assertTrue(machine.store().readIfPresent(front.peer().path("state")) == null, "the nodes are still there");
    }

    @Override
    public void close() {
        machine.close();
    }
}
