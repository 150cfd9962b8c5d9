// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.x86.memory;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Copies memory most of which has never been touched. */
final class SparsePages {
    private SparsePages() {}

    /** Copies a page to the same place of fresh memory; a page of zeros stays untouched there. */
    static void copyPage(MemorySegment from, MemorySegment to, long at) {
        for (long i = at; i < at + AddressSpace.PAGE; i += 8) {
            if (from.get(ValueLayout.JAVA_LONG, i) != 0) {
                MemorySegment.copy(from, at, to, at, AddressSpace.PAGE);
                return;
            }
        }
    }
}
