// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.store;

import java.time.Duration;

/**
 * How long a store bears with a server that is not there.
 *
 * @param firstPause before the first attempt to connect again; each further pause is twice as long
 * @param longestPause between two attempts
 * @param forRequests how long requests wait for the server before they fail; attempts go on
 * @param replays how often one request is sent again, in case it is what the server does not survive
 */
record NbdPatience(Duration firstPause, Duration longestPause, Duration forRequests, int replays) {
    /** For disks of guests: as long as Linux waits for a disk by default. */
    static NbdPatience standard() {
        return new NbdPatience(Duration.ofMillis(20), Duration.ofSeconds(2), Duration.ofSeconds(30), 8);
    }
}
