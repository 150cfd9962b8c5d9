// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import io.splitvisor.driver.Protocol;

/** A back end that answers requests. */
final class RequestBackendBench extends BackendBench<MockFrontend> {
    private final BackendUnderTest tested;

    RequestBackendBench(BackendUnderTest tested, Order order) {
        super(tested, order, guest -> new MockFrontend(guest, tested.protocol(), DEVID));
        this.tested = tested;
    }

    Protocol protocol() {
        return tested.protocol();
    }

    /** A request that has to succeed. */
    Message sample() {
        Protocol protocol = tested.protocol();
        Message request = protocol.operations().isEmpty()
                ? front().request()
                : front().request(protocol.operations().getFirst().number());
        tested.sample(request, front());
        return request;
    }

    /** The next response, waited for. */
    Message response() {
        front().arm();
        await("a response", () -> front().ring().unconsumedResponses() > 0);
        return front().response();
    }

    @Override
    void exchange(int count) {
        for (int i = 0; i < count; i++) {
            Message request = sample();
            front().put(request);
            front().push();
            assertAnswers(request, response());
        }
    }

    void assertAnswers(Message request, Message response) {
        assertNotNull(response);
        assertEquals(
                request.get(protocol().requestId()),
                response.get(protocol().responseId()),
                () -> "id of " + response + machine().describe());
        protocol()
                .status()
                .ifPresent(status -> assertEquals(
                        status.okay(),
                        status.field().read(response.bytes(), 0),
                        () -> "status of " + response + " to " + request
                                + machine().describe()));
    }

    @Override
    void ask() {
        if (!front().ring().isFull()) {
            front().put(sample());
            front().push();
        }
    }
}
