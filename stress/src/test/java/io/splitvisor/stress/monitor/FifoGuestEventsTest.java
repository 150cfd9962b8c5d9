// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.stress.monitor;

/** A guest's events by the FIFO ABI. */
class FifoGuestEventsTest extends GuestEvents {
    FifoGuestEventsTest() {
        super(true);
    }
}
