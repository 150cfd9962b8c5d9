// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.op;

/**
 * RCPSS and RSQRTSS: estimates whose relative error the SDM bounds by 1.5 * 2^-12, without flags. Real processors differ in
 * the low bits; here the result is correctly rounded, which lies inside the bound of all.
 */
final class Estimates {
    private static final int QUIET = 1 << 22;
    private static final int DEFAULT_NAN = 0xffc0_0000;

    private Estimates() {}

    /** Denormal operands count as zero, and so do denormal results. */
    static int reciprocal(int bits) {
        float x = flushed(bits);
        if (Float.isNaN(x)) {
            return bits | QUIET;
        }
        return Float.floatToRawIntBits(flushed(Float.floatToRawIntBits(1 / x)));
    }

    static int reciprocalRoot(int bits) {
        float x = flushed(bits);
        if (Float.isNaN(x)) {
            return bits | QUIET;
        }
        if (x < 0) {
            return DEFAULT_NAN;
        }
        if (x == 0) {
            return Float.floatToRawIntBits(1 / x);
        }
        return Float.floatToRawIntBits((float) (1 / Math.sqrt(x)));
    }

    private static float flushed(int bits) {
        boolean denormal = (bits & 0x7f80_0000) == 0;
        return Float.intBitsToFloat(denormal ? bits & Integer.MIN_VALUE : bits);
    }
}
