// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.testkit;

import io.splitvisor.abi.io.XenbusState;
import io.splitvisor.driver.Protocol;
import io.splitvisor.ring.FrontRing;
import java.lang.foreign.MemorySegment;

/**
 * A front end made by hand, which can do everything that a well-behaved one would not. It has one ring, and does nothing by
 * itself but count events.
 */
public final class MockFrontend extends MockPeer {
    private final TestGuest guest;
    private final TestFrontendDomain domain;
    private FrontRing ring;
    private MemorySegment memory;
    private int ringRef = -1;
    private int ringFrame;
    private int port = -1;
    private long nextId = 1;
    private int events;
    private MockPage shared;

    /**
     * A front end that has not said anything yet.
     *
     * @param devid the number of a device that a back end has attached, or will
     */
    public MockFrontend(TestGuest guest, Protocol protocol, int devid) {
        this(guest.newFrontend(), protocol, devid);
    }

    private MockFrontend(TestFrontendDomain domain, Protocol protocol, int devid) {
        super(
                protocol,
                domain.store(),
                frontFolder(protocol, domain.domid(), devid),
                backFolder(protocol, domain.domid(), devid));
        this.guest = domain.guest();
        this.domain = domain;
    }

    /** Its domain. */
    public TestGuest guest() {
        return guest;
    }

    /** Its view of the domain, which can be killed. */
    public TestFrontendDomain domain() {
        return domain;
    }

    /** Makes a fresh ring of one page, says everything that a front end says, and goes to Initialised. */
    public void offer() {
        makeRing();
        say();
        state(XenbusState.INITIALISED);
    }

    /** Says everything that a front end says, but its state. */
    public void say() {
        writeFeatures("version", false);
        write("ring-ref", ringRef);
        write("event-channel", port);
    }

    /** Makes a fresh ring and an event channel, and tells nobody. */
    public void makeRing() {
        takeRingBack();
        MockPage page = page();
        ringFrame = page.frame();
        memory = page.segment();
        ring = FrontRing.init(memory, protocol().slotSize());
        ringRef = page.ref();
        port = guest.domain().events().allocUnbound(0);
        guest.handle(port, domain.life(), () -> events++);
    }

    /** A front end that connects again and again gives back what it had, as far as the back end has done so. */
    private void takeRingBack() {
        if (ringRef >= 0) {
            guest.domain().events().close(port);
            guest.forgetHandler(port);
            guest.grants().endAccess(ringRef, ringFrame);
        }
    }

    /** The ring. */
    public FrontRing ring() {
        return ring;
    }

    /** The ring's grant reference. */
    public int ringRef() {
        return ringRef;
    }

    /** The event channel's port. */
    public int port() {
        return port;
    }

    /** A page of zeroes that the back end may write. */
    public MockPage page() {
        return pageFor(0);
    }

    /** One page for requests that need any: always the same. */
    public MockPage shared() {
        if (shared == null) {
            shared = page();
        }
        return shared;
    }

    /** A page of zeroes that a domain may write, which need not be the back end's. */
    public MockPage pageFor(int domid) {
        int frame = guest.memory().allocate();
        int ref = guest.grants().grantAccess(domid, frame, false);
        return new MockPage(ref, frame, guest.memory().page(frame));
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
        request.write(memory, ring.claimRequest());
    }

    /** Puts a slot's bytes into the next slot, whatever they are. */
    public void putRaw(MemorySegment slot) {
        MemorySegment.copy(slot, 0, memory, ring.claimRequest(), protocol().slotSize());
    }

    /** Publishes what was put, and notifies the back end if it wants that. */
    public void push() {
        if (ring.pushRequestsAndCheckNotify()) {
            kick();
        }
    }

    /** Notifies the back end, whatever it wants. */
    public void kick() {
        guest.domain().events().send(port);
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
        return Message.read(protocol().response(), memory, ring.takeResponse());
    }

    /** Asks for an event with the next response. */
    public void arm() {
        int unused = ring.finalCheckForResponses();
    }

    /** Events that have come. */
    public int events() {
        return events;
    }
}
