// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.splitvisor.abi.io.XenbusState;
import io.splitvisor.driver.DeviceProtocol;
import io.splitvisor.driver.testkit.TestedFrontend.Exchange;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.BooleanSupplier;

/**
 * A front end, and a mock back end behind it.
 *
 * @param <B> the kind of mock
 */
abstract class FrontendBench<B extends MockBack> implements AutoCloseable {
    /** Longer than any end waits for the other. */
    static final Duration LIMIT = Duration.ofMinutes(15);

    static final int DEVID = 7;
    private static final int PAGES = 2048;

    private final TestedFrontend tested;
    private final Machine machine;
    private final TestGuest guest;
    private final TestFrontendDomain domain;
    private final B back;
    private TestedFrontend.Opened front;

    FrontendBench(TestedFrontend tested, Order order, BiFunction<TestBackendDomain, TestGuest, B> backs) {
        this.tested = tested;
        this.machine = new Machine(order);
        this.guest = machine.newGuest(PAGES);
        this.domain = guest.newFrontend();
        this.back = backs.apply(machine.newBackend(), guest);
        back.attach();
    }

    Machine machine() {
        return machine;
    }

    TestGuest guest() {
        return guest;
    }

    B back() {
        return back;
    }

    TestedFrontend.Opened front() {
        return front;
    }

    DeviceProtocol declared() {
        return tested.protocol();
    }

    /** The front end begins. */
    void open() {
        front = tested.open(domain, DEVID);
    }

    /** Whether a request is made again on a new connection if it was not finished on the old one. */
    abstract boolean isReplayed();

    /** Waits until a request has reached the back end, which does nothing with it. */
    abstract void awaitArrival();

    void await(String what, BooleanSupplier condition) {
        machine.await(
                what,
                () -> {
                    front.poll();
                    return condition.getAsBoolean();
                },
                LIMIT);
    }

    void awaitPeer(XenbusState state) {
        await("front end " + state, () -> back.peerState() == state);
    }

    /** Waits for the offer, and connects. */
    void accept() {
        awaitPeer(XenbusState.INITIALISED);
        back.connect();
        await("connected", front::isConnected);
    }

    /** Opens and connects. */
    void connect() {
        open();
        accept();
    }

    /** Makes requests that the back end answers by itself. */
    void exchange(int count) {
        back.serve();
        List<Exchange> made = submit(count);
        for (Exchange exchange : made) {
            await("an answer", exchange::isDone);
            assertTrue(exchange.succeeded(), () -> "a request failed: " + front.reason() + machine.describe());
        }
    }

    List<Exchange> submit(int count) {
        List<Exchange> made = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            made.add(front.submit());
        }
        return made;
    }

    /** The front end has given the back end up, says why, and its requests fail. */
    void assertGivenUp(Exchange request) {
        await("the request to fail", request::isDone);
        assertFalse(request.succeeded(), () -> "success from a rogue back end" + machine.describe());
        await("not connected", () -> !front.isConnected());
        await(
                "Closing or Closed",
                () -> back.peerState() == XenbusState.CLOSING || back.peerState() == XenbusState.CLOSED);
        assertFalse(front.reason().isEmpty(), "no reason");
        Exchange later = front.submit();
        await("later requests to fail", later::isDone);
        assertFalse(later.succeeded());
    }

    /** The front end ends what it began; the back end behaves. */
    void end() {
        var done = front.close();
        machine.runUntil(() -> done.isDone() || back.peerState() == XenbusState.CLOSED, LIMIT);
        back.disconnect();
        back.state(XenbusState.CLOSED);
        await("closed", done::isDone);
        machine.advance(Duration.ofSeconds(3));
        assertEquals(XenbusState.CLOSED, back.peerState());
        assertEquals(0, guest.grants().deferred(), "grants that were never ended");
    }

    @Override
    public void close() {
        machine.close();
    }
}
