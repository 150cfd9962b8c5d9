// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.frontend;

import java.util.concurrent.CompletableFuture;

/** Something in a domain that has to know when the domain is suspended, and that it runs again: a front end. */
public interface Suspendable {
    /**
     * The domain is about to be suspended: begins nothing new from now on. Any thread; does not wait.
     *
     * @return done when nothing is in flight any more, or when waiting for that makes no sense
     */
    CompletableFuture<Void> suspending();

    /** The domain runs again, as a new one: whoever was at the other end may be another one. Any thread; does not wait. */
    void resumed();

    /**
     * The domain runs again, as if it had never been suspended: connections are what they were. Any thread; does not wait.
     */
    void suspendCancelled();
}
