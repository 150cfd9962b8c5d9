// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.testkit;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** The four indices at the beginning of a Xen ring, for those who break them. */
final class RingIndices {
    private static final long REQ_PROD = 0;
    private static final long RSP_PROD = 8;
    private static final int LOW_HALF = 0xffff;
    private static final int TORN = 0x5aa5_0000;

    private RingIndices() {}

    /** Leaves the producer index of an end half written. */
    static void tear(MemorySegment ring, End of) {
        long at = of == End.FRONT ? REQ_PROD : RSP_PROD;
        int index = ring.get(ValueLayout.JAVA_INT, at);
        ring.set(ValueLayout.JAVA_INT, at, index & LOW_HALF | TORN);
    }
}
