// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.stress.monitor;

/** A guest's events by the two-level ABI. */
class TwoLevelGuestEventsTest extends GuestEvents {
    TwoLevelGuestEventsTest() {
        super(false);
    }
}
