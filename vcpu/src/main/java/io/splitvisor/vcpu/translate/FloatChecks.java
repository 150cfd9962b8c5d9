// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.translate;

import io.splitvisor.vcpu.fp.Mxcsr;

/**
 * Floating point of SSE as the host does it, where it cannot differ: {@link Miss} if not. All exceptions have to be masked, numbers are
 * rounded to nearest, operands and results are zeros or normal numbers, and a result is exact or inexactness was noted already. Then
 * nothing of MXCSR changes. Generated code calls these; {@code d} and {@code s} are halves of destination and source.
 */
public final class FloatChecks {
    /** In MXCSR, the masks and the rounding mode. */
    private static final int MODE = Mxcsr.FLAGS << Mxcsr.MASK_SHIFT | 3 << Mxcsr.ROUNDING_SHIFT;

    private static final int USUAL = Mxcsr.FLAGS << Mxcsr.MASK_SHIFT;
    private static final long LOW = 0xffff_ffffL;
    private static final int DOUBLE_BITS = 53;
    private static final double MOST_LONG = 0x1p63;
    private static final double MOST_INT = 0x1p31;

    private FloatChecks() {}

    private static void require(boolean holds) {
        if (!holds) {
            throw Miss.MISS;
        }
    }

    private static boolean isPlain(double x) {
        double size = Math.abs(x);
        return size <= Double.MAX_VALUE && (size >= Double.MIN_NORMAL || size == 0);
    }

    private static boolean isPlain(float x) {
        float size = Math.abs(x);
        return size <= Float.MAX_VALUE && (size >= Float.MIN_NORMAL || size == 0);
    }

    /** Of a result: the smallest normal number may have been rounded up to. */
    private static boolean isSafe(double r) {
        double size = Math.abs(r);
        return size <= Double.MAX_VALUE && size > Double.MIN_NORMAL;
    }

    private static boolean isSafe(float r) {
        float size = Math.abs(r);
        return size <= Float.MAX_VALUE && size > Float.MIN_NORMAL;
    }

    /** Whether results may be inexact; if neither these nor others may be computed at all, there is a miss. */
    private static boolean mayRound(int mxcsr) {
        require((mxcsr & MODE) == USUAL);
        return (mxcsr & Mxcsr.PE) != 0;
    }

    /** Bits from the first to the last that is set. */
    private static int width(double x) {
        long fraction = Double.doubleToRawLongBits(x) | 1L << DOUBLE_BITS - 1;
        return DOUBLE_BITS - Math.min(Long.numberOfTrailingZeros(fraction), DOUBLE_BITS - 1);
    }

    private static boolean isProduct(double x, double y, double r) {
        return width(x) + width(y) <= DOUBLE_BITS && x * y == r;
    }

    // Doubles

    private static double add(double x, double y, int mxcsr) {
        double r = x + y;
        require(isPlain(x) && isPlain(y) && (isSafe(r) || r == 0));
        if (!mayRound(mxcsr)) {
            double second = r - x;
            require(x - (r - second) + (y - second) == 0);
        }
        return r;
    }

    private static double multiply(double x, double y, int mxcsr) {
        double r = x * y;
        require(isPlain(x) && isPlain(y) && (isSafe(r) || x == 0 || y == 0));
        require(mayRound(mxcsr) || r == 0 || isProduct(x, y, r));
        return r;
    }

    private static double divide(double x, double y, int mxcsr) {
        double r = x / y;
        require(isPlain(x) && isPlain(y) && y != 0 && (isSafe(r) || x == 0));
        require(mayRound(mxcsr) || r == 0 || isProduct(r, y, x));
        return r;
    }

    private static double root(double x, int mxcsr) {
        double r = Math.sqrt(x);
        require(isPlain(x) && x >= 0);
        require(mayRound(mxcsr) || r == 0 || isProduct(r, r, x));
        return r;
    }

    // Floats

    private static float add(float x, float y, int mxcsr) {
        float r = x + y;
        require(isPlain(x) && isPlain(y) && (isSafe(r) || r == 0));
        if (!mayRound(mxcsr)) {
            float second = r - x;
            require(x - (r - second) + (y - second) == 0);
        }
        return r;
    }

    private static float multiply(float x, float y, int mxcsr) {
        float r = x * y;
        require(isPlain(x) && isPlain(y) && (isSafe(r) || x == 0 || y == 0));
        require(mayRound(mxcsr) || (double) x * y == r);
        return r;
    }

    private static float divide(float x, float y, int mxcsr) {
        float r = x / y;
        require(isPlain(x) && isPlain(y) && y != 0 && (isSafe(r) || x == 0));
        require(mayRound(mxcsr) || (double) r * y == x);
        return r;
    }

    private static float root(float x, int mxcsr) {
        float r = (float) Math.sqrt(x);
        require(isPlain(x) && x >= 0);
        require(mayRound(mxcsr) || (double) r * r == x);
        return r;
    }

    // Instructions on halves

    private static double number(long half) {
        return Double.longBitsToDouble(half);
    }

    private static long bits(double x) {
        return Double.doubleToRawLongBits(x);
    }

    private static float low(long half) {
        return Float.intBitsToFloat((int) half);
    }

    private static float high(long half) {
        return Float.intBitsToFloat((int) (half >>> 32));
    }

    private static long withLow(long half, float x) {
        return (half & ~LOW) | (Float.floatToRawIntBits(x) & LOW);
    }

    private static long pair(float low, float high) {
        return withLow((long) Float.floatToRawIntBits(high) << 32, low);
    }

    public static long addsd(long d, long s, int mxcsr) {
        return bits(add(number(d), number(s), mxcsr));
    }

    public static long addss(long d, long s, int mxcsr) {
        return withLow(d, add(low(d), low(s), mxcsr));
    }

    public static long addps(long d, long s, int mxcsr) {
        return pair(add(low(d), low(s), mxcsr), add(high(d), high(s), mxcsr));
    }

    public static long subsd(long d, long s, int mxcsr) {
        return bits(add(number(d), -number(s), mxcsr));
    }

    public static long subss(long d, long s, int mxcsr) {
        return withLow(d, add(low(d), -low(s), mxcsr));
    }

    public static long subps(long d, long s, int mxcsr) {
        return pair(add(low(d), -low(s), mxcsr), add(high(d), -high(s), mxcsr));
    }

    public static long mulsd(long d, long s, int mxcsr) {
        return bits(multiply(number(d), number(s), mxcsr));
    }

    public static long mulss(long d, long s, int mxcsr) {
        return withLow(d, multiply(low(d), low(s), mxcsr));
    }

    public static long mulps(long d, long s, int mxcsr) {
        return pair(multiply(low(d), low(s), mxcsr), multiply(high(d), high(s), mxcsr));
    }

    public static long divsd(long d, long s, int mxcsr) {
        return bits(divide(number(d), number(s), mxcsr));
    }

    public static long divss(long d, long s, int mxcsr) {
        return withLow(d, divide(low(d), low(s), mxcsr));
    }

    public static long divps(long d, long s, int mxcsr) {
        return pair(divide(low(d), low(s), mxcsr), divide(high(d), high(s), mxcsr));
    }

    public static long sqrtsd(long d, long s, int mxcsr) {
        return bits(root(number(s), mxcsr));
    }

    public static long sqrtss(long d, long s, int mxcsr) {
        return withLow(d, root(low(s), mxcsr));
    }

    public static long sqrtps(long d, long s, int mxcsr) {
        return pair(root(low(s), mxcsr), root(high(s), mxcsr));
    }

    /** MINSD: the second operand if they are equal. No number is made, so that MXCSR does not matter. */
    public static long minsd(long d, long s, int mxcsr) {
        return comparesd(d, s) < 0 ? d : s;
    }

    public static long maxsd(long d, long s, int mxcsr) {
        return comparesd(d, s) > 0 ? d : s;
    }

    public static long minss(long d, long s, int mxcsr) {
        return comparess(d, s) < 0 ? d : (d & ~LOW) | (s & LOW);
    }

    public static long maxss(long d, long s, int mxcsr) {
        return comparess(d, s) > 0 ? d : (d & ~LOW) | (s & LOW);
    }

    public static long minps(long d, long s, int mxcsr) {
        return pair(comparess(d, s) < 0 ? low(d) : low(s), comparess(d >>> 32, s >>> 32) < 0 ? high(d) : high(s));
    }

    public static long maxps(long d, long s, int mxcsr) {
        return pair(comparess(d, s) > 0 ? low(d) : low(s), comparess(d >>> 32, s >>> 32) > 0 ? high(d) : high(s));
    }

    /** All bits if a predicate of CMPSD holds, else none. */
    public static long cmpsd(long d, long s, int predicate) {
        return holds(comparesd(d, s), predicate) ? -1 : 0;
    }

    public static long cmpss(long d, long s, int predicate) {
        return (d & ~LOW) | (holds(comparess(d, s), predicate) ? LOW : 0);
    }

    public static long cmpps(long d, long s, int predicate) {
        return cmpss(cmpss(d >>> 32, s >>> 32, predicate) << 32 | (d & LOW), s, predicate);
    }

    /** Of ordered numbers. */
    private static boolean holds(long order, int predicate) {
        boolean positive =
                switch (predicate & 3) {
                    case 0 -> order == 0;
                    case 1 -> order < 0;
                    case 2 -> order <= 0;
                    default -> false;
                };
        return positive != ((predicate & 4) != 0);
    }

    /** Less than zero, zero or more, of plain numbers. */
    public static long comparesd(long d, long s) {
        double x = number(d);
        double y = number(s);
        require(isPlain(x) && isPlain(y));
        return x < y ? -1 : x > y ? 1 : 0;
    }

    /** As {@link #comparesd}, of low floats. */
    public static long comparess(long d, long s) {
        float x = low(d);
        float y = low(s);
        require(isPlain(x) && isPlain(y));
        return x < y ? -1 : x > y ? 1 : 0;
    }

    // Conversions

    /** From a signed integer. */
    public static long cvtsi2sd(long d, long s, int mxcsr) {
        double r = s;
        require((r < MOST_LONG && (long) r == s) || mayRound(mxcsr));
        return bits(r);
    }

    public static long cvtsi2ss(long d, long s, int mxcsr) {
        float r = s;
        require((r < MOST_LONG && (long) r == s) || mayRound(mxcsr));
        return withLow(d, r);
    }

    public static long cvtss2sd(long d, long s, int mxcsr) {
        require(isPlain(low(s)));
        return bits(low(s));
    }

    public static long cvtsd2ss(long d, long s, int mxcsr) {
        double x = number(s);
        float r = (float) x;
        require(isPlain(x) && (isSafe(r) || x == 0));
        require(r == x || mayRound(mxcsr));
        return withLow(d, r);
    }

    public static long cvtdq2ps(long s, int mxcsr) {
        return cvtsi2ss(cvtsi2ss(0, s >> 32, mxcsr) << 32, s << 32 >> 32, mxcsr);
    }

    /** To a signed integer of 64 bits, towards zero. */
    private static long truncate(double x, double most, int mxcsr) {
        require(isPlain(x) && Math.abs(x) < most);
        long r = (long) x;
        require(r == x || mayRound(mxcsr));
        return r;
    }

    /** To the nearest signed integer of 64 bits. */
    private static long round(double x, double most, int mxcsr) {
        boolean inexact = mayRound(mxcsr);
        double r = Math.rint(x);
        require(isPlain(x) && Math.abs(r) < most && (r == x || inexact));
        return (long) r;
    }

    /** To an integer of the same format, as the immediate of ROUNDSD says; its 4 stands for MXCSR's mode, and 8 for no inexactness. */
    private static double integral(double x, int control, int mxcsr) {
        boolean inexact = mayRound(mxcsr) || (control & 8) != 0;
        double r =
                switch (control & 7) {
                    case 1 -> Math.floor(x);
                    case 2 -> Math.ceil(x);
                    case 3 -> x < 0 ? Math.ceil(x) : Math.floor(x);
                    default -> Math.rint(x);
                };
        require(isPlain(x) && (r == x || inexact));
        return r;
    }

    public static long roundsd(long d, long s, int control, int mxcsr) {
        return bits(integral(number(s), control, mxcsr));
    }

    public static long roundss(long d, long s, int control, int mxcsr) {
        require(isPlain(low(s)));
        return withLow(d, (float) integral(low(s), control, mxcsr));
    }

    public static long cvtsd2si32(long s, int mxcsr) {
        return round(number(s), MOST_INT, mxcsr);
    }

    public static long cvtsd2si64(long s, int mxcsr) {
        return round(number(s), MOST_LONG, mxcsr);
    }

    public static long cvtss2si32(long s, int mxcsr) {
        return round(low(s), MOST_INT, mxcsr);
    }

    public static long cvtss2si64(long s, int mxcsr) {
        return round(low(s), MOST_LONG, mxcsr);
    }

    public static long cvttps2dq(long s, int mxcsr) {
        return (cvttss2si32(s, mxcsr) & LOW) | cvttss2si32(s >>> 32, mxcsr) << 32;
    }

    public static long cvttsd2si32(long s, int mxcsr) {
        return truncate(number(s), MOST_INT, mxcsr);
    }

    public static long cvttsd2si64(long s, int mxcsr) {
        return truncate(number(s), MOST_LONG, mxcsr);
    }

    public static long cvttss2si32(long s, int mxcsr) {
        return truncate(low(s), MOST_INT, mxcsr);
    }

    public static long cvttss2si64(long s, int mxcsr) {
        return truncate(low(s), MOST_LONG, mxcsr);
    }
}
