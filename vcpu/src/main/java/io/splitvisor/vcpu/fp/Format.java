// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.fp;

/** A binary format of IEEE 754. */
public enum Format {
    /** 32 bits. */
    FLOAT(24, 8),
    /** 64 bits. */
    DOUBLE(53, 11),
    /** The x87's 80 bits, whose leading bit is explicit: {@link Unpacked#extended} takes them apart. */
    EXTENDED(64, 15);

    /** Bits of the significand, the leading one included. */
    final int precision;

    final int minExponent;
    final int maxExponent;
    private final int specialField;

    Format(int precision, int exponentBits) {
        this.precision = precision;
        this.maxExponent = (1 << (exponentBits - 1)) - 1;
        this.minExponent = 1 - maxExponent;
        this.specialField = (1 << exponentBits) - 1;
    }

    /** Bytes of a number. */
    public int bytes() {
        return this == FLOAT ? 4 : this == DOUBLE ? 8 : 10;
    }

    private int signBit() {
        return 8 * bytes() - 1;
    }

    /** Takes a float or double apart; the bits above it are ignored. */
    public void unpack(long bits, Unpacked to) {
        boolean sign = (bits >>> signBit() & 1) != 0;
        int field = (int) (bits >>> (precision - 1)) & specialField;
        long fraction = bits & (1L << (precision - 1)) - 1;
        int unused = 64 - precision;
        if (field == specialField && fraction == 0) {
            to.infinite(sign);
        } else if (field == specialField) {
            to.nan(sign, fraction << unused);
        } else if (field != 0) {
            to.finite(sign, field - maxExponent, Long.MIN_VALUE | fraction << unused);
        } else if (fraction == 0) {
            to.zero(sign);
        } else {
            int n = Long.numberOfLeadingZeros(fraction);
            to.finite(sign, minExponent + unused - n, fraction << n);
            to.denormal = true;
        }
    }

    /** A float or double, zero-extended, from a number that has been rounded to it. */
    public long pack(Unpacked from) {
        long fraction = from.significand << 1 >>> 1 >>> (64 - precision);
        long field =
                switch (from.kind) {
                    case ZERO -> 0;
                    case FINITE -> from.significand >= 0 ? 0 : from.exponent + maxExponent;
                    default -> specialField;
                };
        return (from.negative ? 1L << signBit() : 0) | field << (precision - 1) | fraction;
    }
}
