// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.store;

/**
 * The bytes of a virtual disk. Thread-safe. Requests may complete in any order; overlapping ones that are in flight
 * together have no order among them.
 *
 * <p>A write whose result is 0 is visible to every read submitted afterwards, and durable once a flush submitted after
 * that result has the result 0. A transfer moves everything or fails.
 */
public interface BlockStore extends AutoCloseable {
    /** {@link #submit}'s answer for a request that will be completed later. */
    int PENDING = 1;

    /** What this store looks like; it does not change. */
    StoreGeometry geometry();

    /** How many requests it takes at a time; one more fails with EBUSY. */
    int depth();

    /**
     * Starts a request, whose ranges the caller has checked. Never blocks: what the call cannot answer at once stays
     * pending, and {@link StoreRequest#completed} is called for it, perhaps before this method returns.
     *
     * @return 0 if it is done, {@link #PENDING}, or a negative Linux errno
     */
    int submit(StoreRequest request);

    /** Ends a batch of {@link #submit}s. A store may hold requests back until this call. */
    void push();

    /** The name as the user gave it, for listings. */
    String name();

    /** Ends what is in flight, with errors where it cannot be completed, and gives the disk back. Idempotent. */
    @Override
    void close();
}
