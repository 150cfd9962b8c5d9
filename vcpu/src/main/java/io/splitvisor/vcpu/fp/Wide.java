// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.fp;

/** Unsigned numbers of 128 bits in two fields, for what does not fit into a long. */
final class Wide {
    long high;
    long low;

    void set(long newHigh, long newLow) {
        high = newHigh;
        low = newLow;
    }

    boolean isZero() {
        return (high | low) == 0;
    }

    void add(long otherHigh, long otherLow) {
        low += otherLow;
        high += otherHigh + (Long.compareUnsigned(low, otherLow) < 0 ? 1 : 0);
    }

    void subtract(long otherHigh, long otherLow) {
        long borrow = Long.compareUnsigned(low, otherLow) < 0 ? 1 : 0;
        low -= otherLow;
        high -= otherHigh + borrow;
    }

    int compareTo(long otherHigh, long otherLow) {
        int byHigh = Long.compareUnsigned(high, otherHigh);
        return byHigh != 0 ? byHigh : Long.compareUnsigned(low, otherLow);
    }

    /** Shifts left by 0 to 127. */
    void shiftLeft(int n) {
        if (n >= 64) {
            high = low << (n - 64);
            low = 0;
        } else if (n > 0) {
            high = high << n | low >>> (64 - n);
            low <<= n;
        }
    }

    /** Shifts right by any count; what falls out leaves the lowest bit set. */
    void shiftRightSticky(int n) {
        if (n >= 128) {
            low = isZero() ? 0 : 1;
            high = 0;
        } else if (n >= 64) {
            long lost = n == 64 ? low : low | high << (128 - n);
            low = high >>> (n - 64) | (lost != 0 ? 1 : 0);
            high = 0;
        } else if (n > 0) {
            long lost = low << (64 - n);
            low = low >>> n | high << (64 - n) | (lost != 0 ? 1 : 0);
            high >>>= n;
        }
    }

    int leadingZeros() {
        return high != 0 ? Long.numberOfLeadingZeros(high) : 64 + Long.numberOfLeadingZeros(low);
    }

    /** The product of two longs. */
    void product(long a, long b) {
        high = Math.unsignedMultiplyHigh(a, b);
        low = a * b;
    }

    /**
     * Divides by a number whose top bit is set and that is greater than {@link #high}: leaves the quotient in {@link
     * #high} and the remainder in {@link #low}.
     */
    void divide(long divisor) {
        long d1 = divisor >>> 32;
        long d0 = divisor & 0xffff_ffffL;
        long q1 = digit(high, low >>> 32, d1, d0);
        long rest = (high << 32 | low >>> 32) - q1 * divisor;
        long q0 = digit(rest, low & 0xffff_ffffL, d1, d0);
        low = (rest << 32 | (low & 0xffff_ffffL)) - q0 * divisor;
        high = q1 << 32 | q0;
    }

    /** One digit to the base 2^32 of {@code (n * 2^32 + next) / d}: an estimate, corrected at most twice. */
    private static long digit(long n, long next, long d1, long d0) {
        long q = Long.divideUnsigned(n, d1);
        long rest = n - q * d1;
        while (q >>> 32 != 0 || Long.compareUnsigned(q * d0, rest << 32 | next) > 0) {
            q--;
            rest += d1;
            if (rest >>> 32 != 0) {
                break;
            }
        }
        return q;
    }
}
