// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.testkit;

import io.splitvisor.driver.ByteProtocol;

/** A back end that exchanges bytes. */
final class ByteBackendBench extends BackendBench<MockByteFrontend> {
    private final ByteBackendUnderTest tested;

    ByteBackendBench(ByteBackendUnderTest tested, Order order) {
        super(tested, order, guest -> new MockByteFrontend(guest, tested.protocol(), DEVID));
        this.tested = tested;
    }

    ByteProtocol protocol() {
        return tested.protocol();
    }

    @Override
    void exchange(int count) {
        for (int i = 0; i < count; i++) {
            ask();
            awaitTaken();
        }
    }

    /** Waits until the back end has taken everything; takes what it writes meanwhile. */
    void awaitTaken() {
        await("the bytes taken", () -> {
            byte[] unused = front().read();
            return front().out().readable() == 0;
        });
    }

    @Override
    void ask() {
        int unused = front().write((byte) 'a', (byte) 0, (byte) '\n', (byte) 0xff);
    }
}
