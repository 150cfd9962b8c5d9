// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.testkit;

import io.splitvisor.driver.Protocol;
import io.splitvisor.ring.FrontRing;
import java.lang.foreign.MemorySegment;

/**
 * A front end made by hand, which can do everything that a well-behaved one would not. It has one ring, and does nothing by
 * itself but count events.
 */
public final class MockFrontend extends MockFront {
    private final Protocol protocol;
    private FrontRing ring;
    private MemorySegment memory;
    private long nextId = 1;

    /**
     * A front end that has not said anything yet.
     *
     * @param devid the number of a device that a back end has attached, or will
     */
    public MockFrontend(TestGuest guest, Protocol protocol, int devid) {
        super(guest.newFrontend(), protocol, devid);
        this.protocol = protocol;
    }

    /** What it speaks. */
    public Protocol protocol() {
        return protocol;
    }

    @Override
    void use(MemorySegment page) {
        memory = page;
        ring = FrontRing.init(memory, protocol.slotSize());
    }

    /** The ring. */
    public FrontRing ring() {
        return ring;
    }

    /** A request of the plain kind, with an id of its own and everything else zero. */
    public Message request() {
        return Message.zeroed(protocol().request()).set(protocol().requestId(), nextId++);
    }

    /** A request of a declared kind. */
    public Message request(long operation) {
        Message request =
                Message.zeroed(protocol().operation(operation).orElseThrow().request());
        request.set(protocol().operationField().orElseThrow(), operation);
        return request.set(protocol().requestId(), nextId++);
    }

    /** Puts a request into the next slot; nobody sees it yet. Rings that are full are written all the same. */
    public void put(Message request) {
        request.write(ring.claimRequest(), 0);
    }

    /** Puts a slot's bytes into the next slot, whatever they are. */
    public void putRaw(MemorySegment slot) {
        MemorySegment.copy(slot, 0, ring.claimRequest(), 0, protocol().slotSize());
    }

    /** Publishes what was put, and notifies the back end if it wants that. */
    public void push() {
        if (ring.pushRequestsAndCheckNotify()) {
            kick();
        }
    }

    /** Sets the producer index that the back end sees, to anything. */
    public void publish(int producer) {
        RingIndices.produced(memory, End.FRONT, producer);
    }

    /** The next response; null if there is none. */
    public Message response() {
        if (ring.unconsumedResponses() == 0) {
            return null;
        }
        return Message.read(protocol().response(), ring.takeResponse(), 0);
    }

    /** Asks for an event with the next response. */
    public void arm() {
        int unused = ring.finalCheckForResponses();
    }
}
