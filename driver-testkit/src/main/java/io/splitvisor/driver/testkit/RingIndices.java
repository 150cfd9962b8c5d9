// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.testkit;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** The producer indices at the beginning of a Xen ring, for those who break them. */
final class RingIndices {
    private static final long REQ_PROD = 0;
    private static final long RSP_PROD = 8;
    private static final int LOW_HALF = 0xffff;
    private static final int TORN = 0x5aa5_0000;

    private RingIndices() {}

    /** Leaves the producer index of an end half written. */
    static void tear(MemorySegment ring, End of) {
        int index = ring.get(ValueLayout.JAVA_INT, at(of));
        produced(ring, of, index & LOW_HALF | TORN);
    }

    /** Sets the producer index of an end. */
    static void produced(MemorySegment ring, End of, int index) {
        ring.set(ValueLayout.JAVA_INT, at(of), index);
    }

    private static long at(End of) {
        return of == End.FRONT ? REQ_PROD : RSP_PROD;
    }
}
