// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.fp;

import java.math.BigInteger;

/**
 * A positive number with 128 significant bits, for intermediate results: {@code significand / 2^127 * 2^exponent}. Its
 * operations chop; each loses less than the last few bits.
 */
final class Precise {
    private static final BigInteger LOW_MASK = BigInteger.ONE.shiftLeft(64).subtract(BigInteger.ONE);

    long high;
    long low;
    int exponent;

    private final Wide wide = new Wide();

    Precise() {}

    /** The number {@code fixed / 2^fraction}. */
    Precise(BigInteger fixed, int fraction) {
        int shift = fixed.bitLength() - 128;
        BigInteger bits = shift >= 0 ? fixed.shiftRight(shift) : fixed.shiftLeft(-shift);
        high = bits.shiftRight(64).longValue();
        low = bits.and(LOW_MASK).longValue();
        exponent = 127 + shift - fraction;
    }

    void set(long newHigh, long newLow, int newExponent) {
        high = newHigh;
        low = newLow;
        exponent = newExponent;
    }

    void set(Precise other) {
        set(other.high, other.low, other.exponent);
    }

    /** A finite number's magnitude. */
    void set(Unpacked a) {
        set(a.significand, 0, a.exponent);
    }

    void one() {
        set(Long.MIN_VALUE, 0, 0);
    }

    /** Takes 128 bits of which the top one has the weight of an exponent; not all may be zero. */
    void normalized(long newHigh, long newLow, int topExponent) {
        wide.set(newHigh, newLow);
        int n = wide.leadingZeros();
        wide.shiftLeft(n);
        set(wide.high, wide.low, topExponent - n);
    }

    boolean isZero() {
        return (high | low) == 0;
    }

    void multiply(Precise other) {
        long productHigh = Series.productHigh(high, low, other.high, other.low, wide);
        normalized(productHigh, wide.low, exponent + other.exponent + 1);
    }

    void multiply(int small) {
        long carry = Math.unsignedMultiplyHigh(low, small);
        long newLow = low * small;
        long top = Math.unsignedMultiplyHigh(high, small);
        long middle = high * small + carry;
        top += Long.compareUnsigned(middle, carry) < 0 ? 1 : 0;
        // 192 bits, whose lowest word is worth nothing once the top one is not zero.
        if (top == 0) {
            normalized(middle, newLow, exponent);
        } else {
            int n = Long.numberOfLeadingZeros(top);
            wide.set(top, middle);
            wide.shiftLeft(n);
            long below = n == 0 ? 0 : newLow >>> (64 - n);
            set(wide.high, wide.low | below, exponent + 64 - n);
        }
    }

    /** Divides, a bit at a time. */
    void divide(Precise other) {
        wide.set(high, low);
        long quotientHigh = 0;
        long quotientLow = 0;
        boolean carry = false;
        for (int n = 0; n < 128; n++) {
            boolean fits = carry || wide.compareTo(other.high, other.low) >= 0;
            quotientHigh = quotientHigh << 1 | quotientLow >>> 63;
            quotientLow = quotientLow << 1 | (fits ? 1 : 0);
            if (fits) {
                wide.subtract(other.high, other.low);
            }
            carry = wide.high < 0;
            wide.shiftLeft(1);
        }
        normalized(quotientHigh, quotientLow, exponent - other.exponent);
    }

    void add(Precise other) {
        if (exponent < other.exponent) {
            sum(other, this);
        } else {
            sum(this, other);
        }
    }

    private void sum(Precise large, Precise small) {
        wide.set(small.high, small.low);
        wide.shiftRightSticky(large.exponent - small.exponent);
        int top = large.exponent;
        wide.add(large.high, large.low);
        boolean carry = wide.compareTo(large.high, large.low) < 0;
        if (carry) {
            wide.shiftRightSticky(1);
            wide.high |= Long.MIN_VALUE;
            top++;
        }
        set(wide.high, wide.low, top);
    }

    /** Subtracts what is not greater; zero has no significant bits then. */
    void subtract(Precise other) {
        wide.set(other.high, other.low);
        wide.shiftRightSticky(exponent - other.exponent);
        long otherHigh = wide.high;
        long otherLow = wide.low;
        wide.set(high, low);
        wide.subtract(otherHigh, otherLow);
        if (wide.isZero()) {
            set(0, 0, 0);
        } else {
            normalized(wide.high, wide.low, exponent);
        }
    }

    int compareTo(Precise other) {
        if (exponent != other.exponent) {
            return Integer.compare(exponent, other.exponent);
        }
        wide.set(high, low);
        return wide.compareTo(other.high, other.low);
    }

    /** {@code value * 2^128}, for a value below one; not zero. The instance is overwritten by the next operation. */
    Wide fixed() {
        wide.set(high, low);
        wide.shiftRightSticky(-exponent - 1);
        return wide;
    }
}
