// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.hypercall;

/** How a thread waits for hypercalls. A wake-up between processors costs as much as a hundred calls to a monitor that is awake. */
public enum HypercallWait {
    /** Spins, and offers the processor to others from time to time: for a caller with a processor of its own. */
    SPIN,
    /** Spins as long as that has paid lately, then sleeps. */
    ADAPTIVE,
    /** Sleeps at once. */
    SLEEP
}
