// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.benchmarks.ring;

/** What a side of the ring does when it finds nothing. */
enum Mode {
    /** Looks again at once. */
    AWAKE,
    /** Sleeps on an eventfd, after the ring's final check. */
    EVENTS;

    String word() {
        return name().toLowerCase(java.util.Locale.ROOT);
    }
}
