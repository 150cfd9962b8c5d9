// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.testkit;

/** What a mock back end answers. Made to be mocked: {@code mock(Responder.class)} answers everything with success. */
@FunctionalInterface
public interface Responder {
    /**
     * A request came.
     *
     * @param response with the request's id, what it has to repeat, and success; to be changed at will
     */
    void answer(Message request, Message response);
}
