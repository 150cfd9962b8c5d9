// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.backend;

/**
 * A request names a page that cannot be mapped. The framework answers the request with the declared status for errors, so
 * drivers need not catch it. Without a stack trace, and made once, because a hostile front end can cause as many as it likes.
 */
public final class RefusedException extends RuntimeException {
    private static final long serialVersionUID = 1;

    // It has no stack trace, so one is like the other.
    @SuppressWarnings("StaticAssignmentOfThrowable")
    static final RefusedException PAGE = new RefusedException("a granted page cannot be mapped");

    private RefusedException(String message) {
        super(message, null, false, false);
    }
}
