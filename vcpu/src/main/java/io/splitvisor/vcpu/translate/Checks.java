// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.translate;

/** What must hold for an instruction to be done in translated code: {@link Miss} if not. Generated code calls these. */
public final class Checks {
    private Checks() {}

    /** A branch target. */
    public static long canonical(long target) {
        if (target << 16 >> 16 != target) {
            throw Miss.MISS;
        }
        return target;
    }

    /** Quotient of DIV with 32 bits. */
    public static long divide32(long dividend, long divisor) {
        if (Long.compareUnsigned(dividend >>> 32, divisor) >= 0) {
            throw Miss.MISS;
        }
        return Long.divideUnsigned(dividend, divisor);
    }

    /** Quotient of IDIV with 32 bits. */
    public static long divideSigned32(long dividend, long divisor) {
        if (divisor == 0) {
            throw Miss.MISS;
        }
        long quotient = dividend / divisor;
        if ((int) quotient != quotient) {
            throw Miss.MISS;
        }
        return quotient;
    }

    /** Quotient of DIV with 64 bits, if the dividend has no more than that. */
    public static long divide64(long high, long low, long divisor) {
        if (high != 0 || divisor == 0) {
            throw Miss.MISS;
        }
        return Long.divideUnsigned(low, divisor);
    }

    /** Quotient of IDIV with 64 bits, if the dividend has no more than that. */
    public static long divideSigned64(long high, long low, long divisor) {
        if (high != low >> 63 || divisor == 0 || (divisor == -1 && low == Long.MIN_VALUE)) {
            throw Miss.MISS;
        }
        return low / divisor;
    }
}
