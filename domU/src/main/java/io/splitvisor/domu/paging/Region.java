// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.domu.paging;

/**
 * Addresses that are mapped in one way. What is there is brought in unit by unit: a page of the region's size.
 *
 * @param start first address
 * @param end the address after the last
 * @param protection what may be done
 * @param shift the size of a unit, as a power of two: 12 or 21
 */
record Region(long start, long end, Protection protection, int shift) {
    static final int PAGE = 12;
    static final int LARGE = 21;

    Region {
        long unit = 1L << shift;
        if (start < 0 || end <= start || end > AddressSpace.END || ((start | end) & (unit - 1)) != 0) {
            throw new IllegalArgumentException(
                    "addresses " + Long.toHexString(start) + " to " + Long.toHexString(end) + " in units of " + unit);
        }
    }

    long unit() {
        return 1L << shift;
    }

    /** Frames in a unit, as an order. */
    int order() {
        return shift - PAGE;
    }

    long unitOf(long address) {
        return address & -unit();
    }

    Region between(long newStart, long newEnd) {
        return new Region(newStart, newEnd, protection, shift);
    }

    Region with(Protection other) {
        return new Region(start, end, other, shift);
    }
}
