// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.fp;

/**
 * A number taken apart. A finite one is {@code significand / 2^63 * 2^exponent}, and bit 63 of its significand is set,
 * except in a denormal result that is ready to be packed.
 */
public final class Unpacked {
    /** What a number is. */
    public enum Kind {
        /** Zero. */
        ZERO,
        /** Finite, and not zero. */
        FINITE,
        /** Infinity. */
        INFINITE,
        /** No number; its payload is the significand. */
        NAN,
        /** An encoding of the 80-bit format that the x87 refuses. */
        UNSUPPORTED
    }

    private static final long TOP = Long.MIN_VALUE;
    private static final long QUIET = 1L << 62;
    private static final int EXTENDED_BIAS = 16383;
    private static final int EXTENDED_SPECIAL = 0x7fff;

    /** What it is. */
    public Kind kind = Kind.ZERO;

    /** Its sign. */
    public boolean negative;

    /** Whether it came from a denormal encoding. */
    public boolean denormal;

    int exponent;
    long significand;

    /** Makes this a copy. */
    public void set(Unpacked other) {
        kind = other.kind;
        negative = other.negative;
        denormal = other.denormal;
        exponent = other.exponent;
        significand = other.significand;
    }

    /** Makes this zero. */
    public void zero(boolean sign) {
        special(Kind.ZERO, sign, 0);
    }

    /** Makes this infinite. */
    public void infinite(boolean sign) {
        special(Kind.INFINITE, sign, TOP);
    }

    /** Makes this what an invalid operation gives. */
    public void defaultNan() {
        special(Kind.NAN, true, TOP | QUIET);
    }

    private void special(Kind newKind, boolean sign, long bits) {
        kind = newKind;
        negative = sign;
        denormal = false;
        exponent = 0;
        significand = bits;
    }

    void nan(boolean sign, long payload) {
        special(Kind.NAN, sign, payload | TOP);
    }

    void finite(boolean sign, int newExponent, long newSignificand) {
        special(Kind.FINITE, sign, newSignificand);
        exponent = newExponent;
    }

    /** Makes this a signed integer. */
    public void integer(long value) {
        magnitude(value < 0, Math.abs(value));
    }

    /** Makes this an integer of a sign and an unsigned magnitude. */
    void magnitude(boolean sign, long unsigned) {
        if (unsigned == 0) {
            zero(sign);
        } else {
            int n = Long.numberOfLeadingZeros(unsigned);
            finite(sign, 63 - n, unsigned << n);
        }
    }

    /**
     * Makes this a number of the 80-bit format.
     *
     * @param signExponent its upper 16 bits
     * @param bits its lower 64 bits
     */
    public void extended(int signExponent, long bits) {
        boolean sign = (signExponent & 0x8000) != 0;
        int field = signExponent & EXTENDED_SPECIAL;
        if (field == EXTENDED_SPECIAL) {
            Kind special = bits >= 0 ? Kind.UNSUPPORTED : bits << 1 == 0 ? Kind.INFINITE : Kind.NAN;
            special(special, sign, bits);
        } else if (field == 0 && bits == 0) {
            zero(sign);
        } else if (field == 0) {
            int n = Long.numberOfLeadingZeros(bits);
            finite(sign, Format.EXTENDED.minExponent - n, bits << n);
            denormal = true;
        } else if (bits >= 0) {
            special(Kind.UNSUPPORTED, sign, bits);
        } else {
            finite(sign, field - EXTENDED_BIAS, bits);
        }
    }

    /** The upper 16 bits of this number in the 80-bit format. */
    public int signExponent() {
        int field =
                switch (kind) {
                    case ZERO -> 0;
                    case FINITE -> significand >= 0 ? 0 : exponent + EXTENDED_BIAS;
                    default -> EXTENDED_SPECIAL;
                };
        return negative ? field | 0x8000 : field;
    }

    /** The lower 64 bits of this number in the 80-bit format. */
    public long significand() {
        return significand;
    }

    /** Whether it is no number. */
    public boolean isNan() {
        return kind == Kind.NAN;
    }

    boolean isSignalling() {
        return kind == Kind.NAN && (significand & QUIET) == 0;
    }

    void quiet() {
        significand |= QUIET;
    }

    /** Whether it is below zero, infinity included. */
    boolean isBelowZero() {
        return negative && (kind == Kind.FINITE || kind == Kind.INFINITE);
    }

    /** Compares magnitudes of numbers that are neither NaN nor unsupported. */
    static int compareMagnitudes(Unpacked a, Unpacked b) {
        if (a.kind != b.kind) {
            return Integer.compare(a.kind.ordinal(), b.kind.ordinal());
        }
        if (a.kind != Kind.FINITE) {
            return 0;
        }
        int byExponent = Integer.compare(a.exponent, b.exponent);
        return byExponent != 0 ? byExponent : Long.compareUnsigned(a.significand, b.significand);
    }
}
