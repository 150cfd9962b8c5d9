// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.hypercall;

/**
 * How a vCPU's upcall thread sleeps. That thread alone waits for the guest's bell, for events and for completed
 * hypercalls alike; other threads that wait for a hypercall park, and are unparked by it.
 *
 * <p>The owner arms, looks for work once more, and only then sleeps: whoever publishes work after that look finds the
 * word in the vCPU's control page set, and rings.
 */
public interface UpcallSleep {
    /** Whether the caller is the upcall thread. */
    boolean isOwner();

    /** Owner: from now on Dom0 rings the bell. */
    void arm();

    /**
     * Owner, armed: waits for the bell.
     *
     * @param millis the longest wait; negative for none
     */
    void sleep(int millis);

    /** Owner: awake, Dom0 need not ring. */
    void disarm();
}
