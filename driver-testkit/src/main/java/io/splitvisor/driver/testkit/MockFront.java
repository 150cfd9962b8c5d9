// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.testkit;

import io.splitvisor.abi.io.XenbusState;
import io.splitvisor.driver.DeviceProtocol;
import java.lang.foreign.MemorySegment;

/** What the mock front ends have in common: a page that is shared as a ring, and an event channel. */
public abstract sealed class MockFront extends MockPeer permits MockFrontend, MockByteFrontend {
    private final TestGuest guest;
    private final TestFrontendDomain domain;
    private int ringRef = -1;
    private int ringFrame;
    private int port = -1;
    private int events;
    private MockPage shared;

    MockFront(TestFrontendDomain domain, DeviceProtocol protocol, int devid) {
        super(
                protocol,
                domain.store(),
                frontFolder(protocol, domain.domid(), devid),
                backFolder(protocol, domain.domid(), devid));
        this.guest = domain.guest();
        this.domain = domain;
    }

    /** Its domain. */
    public final TestGuest guest() {
        return guest;
    }

    /** Its view of the domain, which can be killed. */
    public final TestFrontendDomain domain() {
        return domain;
    }

    /** Makes a fresh ring of one page, says everything that a front end says, and goes to Initialised. */
    public final void offer() {
        makeRing();
        say();
        state(XenbusState.INITIALISED);
    }

    /** Says everything that a front end says, but its state. */
    public final void say() {
        writeFeatures("version", false);
        write("ring-ref", ringRef);
        write(declared().portNode(), port);
    }

    /** Makes a fresh ring and an event channel, and tells nobody. */
    public final void makeRing() {
        takeRingBack();
        MockPage page = page();
        ringFrame = page.frame();
        use(page.segment());
        ringRef = page.ref();
        port = guest.domain().events().allocUnbound(0);
        guest.handle(port, domain.life(), () -> events++);
    }

    /** Makes a ring of a zeroed page. */
    abstract void use(MemorySegment page);

    /** A front end that connects again and again gives back what it had, as far as the back end has done so. */
    private void takeRingBack() {
        if (ringRef >= 0) {
            guest.domain().events().close(port);
            guest.forgetHandler(port);
            guest.grants().endAccess(ringRef, ringFrame);
        }
    }

    /** The ring's grant reference. */
    public final int ringRef() {
        return ringRef;
    }

    /** The event channel's port. */
    public final int port() {
        return port;
    }

    /** A page of zeroes that the back end may write. */
    public final MockPage page() {
        return pageFor(0);
    }

    /** One page for requests that need any: always the same. */
    public final MockPage shared() {
        if (shared == null) {
            shared = page();
        }
        return shared;
    }

    /** A page of zeroes that a domain may write, which need not be the back end's. */
    public final MockPage pageFor(int domid) {
        int frame = guest.memory().allocate();
        int ref = guest.grants().grantAccess(domid, frame, false);
        return new MockPage(ref, frame, guest.memory().page(frame));
    }

    /** Notifies the back end, whatever it wants. */
    public final void kick() {
        guest.domain().events().send(port);
    }

    /** Events that have come. */
    public final int events() {
        return events;
    }
}
