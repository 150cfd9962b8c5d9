// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.time;

/**
 * System time as a function of the cycle counter, as a {@code vcpu_time_info} states it.
 *
 * @param cycles the counter at the line's beginning
 * @param systemTime nanoseconds at its beginning
 * @param mul nanoseconds a shifted cycle, in units of 2^-32; unsigned. 0 if there is no counter
 * @param shift how far a number of cycles is shifted, to the right if negative
 */
record TimeLine(long cycles, long systemTime, int mul, int shift) {
    private static final double FRACTION = 0x1p32;

    /** A line with this slope, in nanoseconds a cycle. */
    static TimeLine from(long cycles, long systemTime, double slope) {
        int shift = Math.getExponent(slope) + 1;
        long mul = (long) (Math.scalb(slope, -shift) * FRACTION);
        return new TimeLine(cycles, systemTime, (int) Math.min(mul, (1L << 32) - 1), shift);
    }

    /** A standing clock, for hosts without a counter that guests can read. */
    static TimeLine standing(long systemTime) {
        return new TimeLine(0, systemTime, 0, 0);
    }

    /** The system time at a value of the counter that is not before the line's beginning; exactly what a guest computes. */
    long at(long counter) {
        long delta = counter - cycles;
        long shifted = shift < 0 ? delta >>> -shift : delta << shift;
        // Bits 32 to 95 of the product.
        return systemTime + Math.unsignedMultiplyHigh(shifted, Integer.toUnsignedLong(mul) << 32);
    }
}
