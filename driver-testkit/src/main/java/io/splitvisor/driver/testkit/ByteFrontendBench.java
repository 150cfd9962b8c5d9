// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.testkit;

import io.splitvisor.driver.ByteProtocol;

/** A front end that exchanges bytes. */
final class ByteFrontendBench extends FrontendBench<MockByteBackend> {
    private final ByteFrontendUnderTest tested;

    ByteFrontendBench(ByteFrontendUnderTest tested, Order order) {
        super(tested, order, (dom0, guest) -> new MockByteBackend(dom0, guest, tested.protocol(), DEVID));
        this.tested = tested;
    }

    ByteProtocol protocol() {
        return tested.protocol();
    }

    /** What the front end has read so far. */
    byte[] read() {
        return ((ByteFrontendUnderTest.ByteOpened) front()).read();
    }

    @Override
    boolean isReplayed() {
        return true;
    }

    @Override
    void awaitArrival() {
        await("bytes", () -> back().available() > 0);
    }
}
