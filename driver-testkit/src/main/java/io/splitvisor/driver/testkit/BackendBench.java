// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.splitvisor.abi.io.XenbusState;
import io.splitvisor.driver.Protocol;
import java.time.Duration;
import java.util.function.BooleanSupplier;

/** A back end with a device attached, and a mock front end in front of it. */
final class BackendBench implements AutoCloseable {
    /** Longer than any end waits for the other. */
    static final Duration LIMIT = Duration.ofMinutes(5);

    static final int DEVID = 7;
    private static final int PAGES = 1024;

    private final BackendUnderTest tested;
    private final Machine machine;
    private final TestGuest guest;
    private final TestBackendDomain dom0;
    private final BackendUnderTest.Attached attached;
    private final MockFrontend front;
    private String lastError = "";

    BackendBench(BackendUnderTest tested, Order order) {
        this.tested = tested;
        this.machine = new Machine(order);
        this.guest = machine.newGuest(PAGES);
        this.dom0 = machine.newBackend();
        this.attached = tested.attach(dom0, guest.domid(), DEVID);
        this.front = new MockFrontend(guest, tested.protocol(), DEVID);
    }

    Machine machine() {
        return machine;
    }

    TestGuest guest() {
        return guest;
    }

    MockFrontend front() {
        return front;
    }

    Protocol protocol() {
        return tested.protocol();
    }

    BackendUnderTest.Attached attached() {
        return attached;
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

    /** A request that has to succeed. */
    Message sample() {
        Protocol protocol = tested.protocol();
        Message request = protocol.operations().isEmpty()
                ? front.request()
                : front.request(protocol.operations().getFirst().number());
        tested.sample(request, front);
        return request;
    }

    /** The next response, waited for. */
    Message response() {
        front.arm();
        await("a response", () -> front.ring().unconsumedResponses() > 0);
        return front.response();
    }

    /** One request after the other goes well. */
    void exchange(int count) {
        for (int i = 0; i < count; i++) {
            Message request = sample();
            front.put(request);
            front.push();
            assertAnswers(request, response());
        }
    }

    void assertAnswers(Message request, Message response) {
        assertNotNull(response);
        assertEquals(
                request.get(protocol().requestId()),
                response.get(protocol().responseId()),
                () -> "id of " + response + machine.describe());
        protocol()
                .status()
                .ifPresent(status -> assertEquals(
                        status.okay(),
                        status.field().read(response.bytes(), 0),
                        () -> "status of " + response + " to " + request + machine.describe()));
    }

    /** What the {@code error} node says; empty if nothing. */
    String error() {
        String path =
                "/local/domain/0/error/backend/" + protocol().type() + '/' + guest.domid() + '/' + DEVID + "/error";
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
