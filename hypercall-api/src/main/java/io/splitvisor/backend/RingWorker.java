// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.backend;

/**
 * A ring, or a few, that an {@link IoLoop} serves. The loop's thread alone calls these methods.
 *
 * <p>A worker is idle until its event channel fires or {@link IoLoop#wake} names it. From then on the loop calls {@link
 * #serve} again and again; when nothing has come for a while it calls {@link #arm}, and the worker is idle once more. A
 * worker that throws is not called again, and {@link #failed} is its last word.
 */
public interface RingWorker {
    /** {@link #domid} of a worker that works for no domain in particular. */
    int NO_DOMAIN = -1;

    /**
     * Serves what is there, up to a slice of the worker's choosing, so that others get their turn.
     *
     * @return how many requests or responses were moved; 0 means there was nothing to do
     */
    int serve();

    /**
     * Asks the peer for a notification on the next request ({@code RING_FINAL_CHECK_FOR_REQUESTS}).
     *
     * @return true if work came meanwhile, so that the worker is not idle after all
     */
    boolean arm();

    /**
     * The domain that this works for: the workers of one domain share what it may use of the loop. Always the same.
     *
     * @return a domid, or {@link #NO_DOMAIN} for a worker that has a share of its own
     */
    default int domid() {
        return NO_DOMAIN;
    }

    /** Whether its work stands back while other domains move data, as hypercalls do: they only prepare that. Always the same. */
    default boolean standsBack() {
        return false;
    }

    /** The loop gave this worker up because {@link #serve} or {@link #arm} threw. */
    void failed(RuntimeException cause);
}
