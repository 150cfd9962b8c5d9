// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.hypercall;

import static org.assertj.core.api.Assertions.assertThat;

/** A loop that serves a ring while another thread makes calls. */
final class Turns {
    private Turns() {}

    /**
     * Serves so many calls.
     *
     * @param slice what a turn may serve at most
     */
    static void serve(HypercallRing ring, int calls, int slice) {
        int served = 0;
        while (served < calls) {
            int turn = ring.serve();
            assertThat(turn).isLessThanOrEqualTo(slice);
            served += turn;
            if (turn == 0) {
                Thread.yield();
            }
        }
    }
}
