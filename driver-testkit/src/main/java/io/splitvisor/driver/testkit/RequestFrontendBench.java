// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.testkit;

import io.splitvisor.driver.Protocol;

/** A front end that makes requests. */
final class RequestFrontendBench extends FrontendBench<MockBackend> {
    private final FrontendUnderTest tested;

    RequestFrontendBench(FrontendUnderTest tested, Order order) {
        super(tested, order, (dom0, guest) -> new MockBackend(dom0, guest, tested.protocol(), DEVID));
        this.tested = tested;
        tested.prepare(back());
    }

    Protocol protocol() {
        return tested.protocol();
    }

    @Override
    boolean isReplayed() {
        return protocol().replayed();
    }

    @Override
    void awaitArrival() {
        Message unused = take();
    }

    /** A request that the back end has taken, and not answered. */
    Message take() {
        Message[] taken = new Message[1];
        await("a request", () -> {
            taken[0] = taken[0] == null ? back().request() : taken[0];
            return taken[0] != null;
        });
        return taken[0];
    }
}
