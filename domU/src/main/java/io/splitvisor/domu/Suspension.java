// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.domu;

import io.splitvisor.frontend.Suspendable;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.IntSupplier;

/**
 * How a domain is suspended and goes on: its front ends come to rest, it shuts down as suspended, and when that call returns 1
 * they go on, or connect anew when it returns 0, which means that the domain is a new one. The guest's own threads notice nothing
 * but that time has passed.
 */
final class Suspension {
    /** What has not come to rest by then is done again afterwards. */
    private static final int REST_SECONDS = 10;

    private final List<Suspendable> followers = new CopyOnWriteArrayList<>();

    void follow(Suspendable follower) {
        followers.add(follower);
    }

    void unfollow(Suspendable follower) {
        followers.remove(follower);
    }

    /**
     * Suspends the domain.
     *
     * @param shutdown returns when it is resumed: 0 in a new domain
     * @return whether it is a new domain
     */
    boolean suspend(IntSupplier shutdown) {
        CompletableFuture<?>[] resting =
                followers.stream().map(Suspendable::suspending).toArray(CompletableFuture[]::new);
        CompletableFuture.allOf(resting)
                .completeOnTimeout(null, REST_SECONDS, TimeUnit.SECONDS)
                .join();
        // A call that fails has suspended nothing.
        boolean anew = false;
        try {
            anew = shutdown.getAsInt() == 0;
        } finally {
            followers.forEach(anew ? Suspendable::resumed : Suspendable::suspendCancelled);
        }
        return anew;
    }
}
