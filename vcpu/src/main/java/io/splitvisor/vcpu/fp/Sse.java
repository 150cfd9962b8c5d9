// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.fp;

/**
 * Scalar operations of SSE and SSE2 on bit patterns. An instance collects the flags of all elements of one instruction;
 * floats are computed as doubles, whose spare bits settle every rounding of theirs, and doubles by the sign of the error.
 */
public final class Sse {
    /** The two-operand operations. */
    public enum Op {
        /** Addition. */
        ADD,
        /** Subtraction. */
        SUB,
        /** Multiplication. */
        MUL,
        /** Division. */
        DIV,
        /** Minimum; the second operand if they are equal or unordered. */
        MIN,
        /** Maximum; the second operand if they are equal or unordered. */
        MAX
    }

    private static final long DOUBLE_QUIET = 1L << 51;
    private static final long DOUBLE_DEFAULT_NAN = 0xfff8_0000_0000_0000L;
    private static final int FLOAT_QUIET = 1 << 22;
    private static final int FLOAT_DEFAULT_NAN = 0xffc0_0000;
    /** Moves the result of a float operation, held in a double, away from where floats lose precision. */
    private static final int FLOAT_SCALE = 200;

    private int mxcsr;
    private int flags;

    /** Starts an instruction. */
    public void start(int newMxcsr) {
        this.mxcsr = newMxcsr;
        this.flags = 0;
    }

    /** The flags raised since {@link #start}. */
    public int flags() {
        return flags;
    }

    // Doubles

    /** A two-operand operation on doubles. */
    public long binary64(Op op, long aBits, long bBits) {
        long a = zeroIfDenormal64(aBits);
        long b = zeroIfDenormal64(bBits);
        if (op == Op.MIN || op == Op.MAX) {
            return select64(op, a, b);
        }
        if (isNaN64(a) || isNaN64(b)) {
            return nan64(a, b);
        }
        double x = Double.longBitsToDouble(a);
        double y = Double.longBitsToDouble(b);
        if (op == Op.SUB) {
            y = -y;
        }
        long special = special64(op, x, y);
        if (special != 0) {
            return special;
        }
        noteDenormals64(a, b);
        return switch (op) {
            case MUL -> multiply64(x, y);
            case DIV -> divide64(x, y);
            default -> add64(x, y);
        };
    }

    /** Square root of a double. */
    public long sqrt64(long aBits) {
        long a = zeroIfDenormal64(aBits);
        if (isNaN64(a)) {
            return nan64(a, a);
        }
        double x = Double.longBitsToDouble(a);
        if (x < 0) {
            flags |= Mxcsr.IE;
            return DOUBLE_DEFAULT_NAN;
        }
        noteDenormals64(a, a);
        double r = Math.sqrt(x);
        if (r == 0 || Double.isInfinite(r)) {
            return Double.doubleToRawLongBits(r);
        }
        int shift = -Math.getExponent(r);
        double scaled = Math.scalb(r, shift);
        double error = Math.fma(-scaled, scaled, Math.scalb(Math.scalb(x, shift), shift));
        return Double.doubleToRawLongBits(direct64(r, error));
    }

    /** 0 if the operation has no invalid or infinite case here: no result has all bits zero in those. */
    private long special64(Op op, double x, double y) {
        boolean invalid =
                switch (op) {
                    case ADD, SUB -> Double.isInfinite(x) && Double.isInfinite(y) && x != y;
                    case MUL -> (Double.isInfinite(x) && y == 0) || (x == 0 && Double.isInfinite(y));
                    default -> (x == 0 && y == 0) || (Double.isInfinite(x) && Double.isInfinite(y));
                };
        if (invalid) {
            flags |= Mxcsr.IE;
            return DOUBLE_DEFAULT_NAN;
        }
        if (op == Op.DIV && y == 0 && !Double.isInfinite(x)) {
            flags |= Mxcsr.ZE;
            return Double.doubleToRawLongBits(x / y);
        }
        return 0;
    }

    private long add64(double x, double y) {
        double s = x + y;
        if (Double.isInfinite(x) || Double.isInfinite(y)) {
            return Double.doubleToRawLongBits(s);
        }
        if (s == 0 && x == -y) {
            boolean bothNegative = x == 0 && 1 / x < 0 && 1 / y < 0;
            boolean bothPositive = x == 0 && 1 / x > 0 && 1 / y > 0;
            boolean negative = bothNegative || (!bothPositive && Mxcsr.rounding(mxcsr) == 1);
            return negative ? Long.MIN_VALUE : 0;
        }
        double error;
        if (Double.isInfinite(s)) {
            double half = step(x * 0.5 + y * 0.5, roundingError(x * 0.5, y * 0.5), Mxcsr.rounding(mxcsr));
            return finish64(s, -s, false, Math.abs(half) >= 0x1p1023);
        } else if (Math.abs(s) > 0x1p1000 && Math.min(Math.abs(x), Math.abs(y)) < 1) {
            error = Math.abs(x) < 1 ? x : y;
        } else {
            // On halves where an intermediate sum could overflow.
            double h = Math.abs(s) > 0x1p1000 ? 0.5 : 1;
            error = roundingError(x * h, y * h);
        }
        return finish64(s, error, Math.abs(s) < Double.MIN_NORMAL, false);
    }

    /** What a sum lacks: Knuth's TwoSum. */
    private static double roundingError(double x, double y) {
        double s = x + y;
        double b = s - x;
        return (x - (s - b)) + (y - b);
    }

    private long multiply64(double x, double y) {
        double p = x * y;
        if (x == 0 || y == 0 || Double.isInfinite(x) || Double.isInfinite(y)) {
            return Double.doubleToRawLongBits(p);
        }
        int exponents = exponent(x) + exponent(y);
        double mx = mantissa(x);
        double my = mantissa(y);
        double high = mx * my;
        double low = Math.fma(mx, my, -high);
        return scaled64(p, high, low, exponents);
    }

    private long divide64(double x, double y) {
        double q = x / y;
        if (x == 0 || Double.isInfinite(x) || Double.isInfinite(y)) {
            return Double.doubleToRawLongBits(q);
        }
        int exponents = exponent(x) - exponent(y);
        double mx = mantissa(x);
        double my = mantissa(y);
        double high = mx / my;
        double low = Math.fma(-high, my, mx) * Math.signum(my);
        return scaled64(q, high, low, exponents);
    }

    /**
     * Finishes a result whose exact value is {@code (high + low) * 2^exponents}, of which only the sign of {@code low}
     * is meant, and that the host rounded to {@code nearest}.
     */
    private long scaled64(double nearest, double high, double low, int exponents) {
        double unbounded = step(high, low, Mxcsr.rounding(mxcsr));
        if (Double.isInfinite(nearest)) {
            boolean overflow = Math.getExponent(unbounded) + exponents > Double.MAX_EXPONENT;
            return finish64(nearest, -nearest, false, overflow);
        }
        boolean tiny = Math.getExponent(unbounded) + exponents < Double.MIN_EXPONENT;
        double error = low;
        if (Math.abs(nearest) < 2 * Double.MIN_NORMAL) {
            double scaled = Math.scalb(Math.scalb(nearest, -exponents / 2), -exponents + exponents / 2);
            double difference = high - scaled;
            error = difference != 0 ? difference : low;
        }
        return finish64(nearest, error, tiny, false);
    }

    private static int exponent(double x) {
        int e = Math.getExponent(x);
        return e >= Double.MIN_EXPONENT ? e : Math.getExponent(x * 0x1p100) - 100;
    }

    /** Scaled to between 1 and 2, the sign kept. */
    private static double mantissa(double x) {
        int e = exponent(x);
        return e < -1000 ? Math.scalb(x * 0x1p100, -e - 100) : Math.scalb(x, -e);
    }

    /** Rounds, raises overflow, underflow and inexact. */
    private long finish64(double nearest, double error, boolean tiny, boolean overflow) {
        double r = direct64(nearest, error);
        if (overflow || Double.isInfinite(r)) {
            flags |= Mxcsr.OE | Mxcsr.PE;
        }
        if (tiny) {
            if (!Mxcsr.masks(mxcsr, Mxcsr.UE)) {
                flags |= Mxcsr.UE;
            } else if (error != 0) {
                flags |= Mxcsr.UE;
            }
            if (Mxcsr.masks(mxcsr, Mxcsr.UE) && (mxcsr & Mxcsr.FTZ) != 0) {
                flags |= Mxcsr.UE | Mxcsr.PE;
                boolean negative = nearest == 0 ? 1 / nearest < 0 : nearest < 0;
                return negative ? Long.MIN_VALUE : 0;
            }
        }
        return Double.doubleToRawLongBits(r);
    }

    /** From the nearest double to the one that the rounding mode wants; {@code error} is exact minus nearest. */
    private double direct64(double nearest, double error) {
        if (error == 0) {
            return nearest;
        }
        flags |= Mxcsr.PE;
        return step(nearest, error, Mxcsr.rounding(mxcsr));
    }

    private static double step(double nearest, double error, int rounding) {
        boolean below = error < 0;
        boolean negative = nearest == 0 ? 1 / nearest < 0 : nearest < 0;
        if (error == 0 || rounding == 0) {
            return nearest;
        }
        boolean down = rounding == 1 || (rounding == 3 && !negative);
        if (down && below) {
            double r = Math.nextDown(nearest);
            return r;
        }
        boolean up = rounding == 2 || (rounding == 3 && negative);
        return up && !below ? zeroSigned(Math.nextUp(nearest), negative) : nearest;
    }

    private static double zeroSigned(double r, boolean negative) {
        return r == 0 && negative ? -0.0 : r;
    }

    private long select64(Op op, long a, long b) {
        if (isNaN64(a) || isNaN64(b)) {
            flags |= Mxcsr.IE;
            return b;
        }
        noteDenormals64(a, b);
        double x = Double.longBitsToDouble(a);
        double y = Double.longBitsToDouble(b);
        return (op == Op.MIN ? x < y : x > y) ? a : b;
    }

    /** A comparison: -1 less, 0 equal, 1 greater, 2 unordered. */
    public int compare64(long aBits, long bBits, boolean signalsQuiet) {
        long a = zeroIfDenormal64(aBits);
        long b = zeroIfDenormal64(bBits);
        if (isNaN64(a) || isNaN64(b)) {
            if (signalsQuiet || isSignalling64(a) || isSignalling64(b)) {
                flags |= Mxcsr.IE;
            }
            return 2;
        }
        noteDenormals64(a, b);
        double x = Double.longBitsToDouble(a);
        double y = Double.longBitsToDouble(b);
        return x < y ? -1 : x > y ? 1 : 0;
    }

    private static boolean isNaN64(long a) {
        return (a & Long.MAX_VALUE) > 0x7ff0_0000_0000_0000L;
    }

    private static boolean isSignalling64(long a) {
        return isNaN64(a) && (a & DOUBLE_QUIET) == 0;
    }

    private static boolean isDenormal64(long a) {
        return (a & 0x7ff0_0000_0000_0000L) == 0 && a << 1 != 0;
    }

    private long zeroIfDenormal64(long a) {
        return (mxcsr & Mxcsr.DAZ) != 0 && isDenormal64(a) ? a & Long.MIN_VALUE : a;
    }

    private void noteDenormals64(long a, long b) {
        if (isDenormal64(a) || isDenormal64(b)) {
            flags |= Mxcsr.DE;
        }
    }

    private long nan64(long a, long b) {
        if (isSignalling64(a) || isSignalling64(b)) {
            flags |= Mxcsr.IE;
        }
        return (isNaN64(a) ? a : b) | DOUBLE_QUIET;
    }

    // Floats

    /** A two-operand operation on floats. */
    public int binary32(Op op, int aBits, int bBits) {
        int a = zeroIfDenormal32(aBits);
        int b = zeroIfDenormal32(bBits);
        if (op == Op.MIN || op == Op.MAX) {
            return select32(op, a, b);
        }
        if (isNaN32(a) || isNaN32(b)) {
            return nan32(a, b);
        }
        double x = Float.intBitsToFloat(a);
        double y = Float.intBitsToFloat(b);
        if (op == Op.SUB) {
            y = -y;
        }
        long special = special64(op, x, y);
        if (special != 0) {
            return special == DOUBLE_DEFAULT_NAN
                    ? FLOAT_DEFAULT_NAN
                    : Float.floatToRawIntBits((float) Double.longBitsToDouble(special));
        }
        noteDenormals32(a, b);
        if (op == Op.MUL) {
            return narrow(x * y, 0);
        }
        if (op == Op.DIV) {
            double q = x / y;
            boolean exact = x == 0 || Double.isInfinite(x) || Double.isInfinite(y);
            return narrow(q, exact ? 0 : Math.fma(-q, y, x) * Math.signum(y));
        }
        double s = x + y;
        if (s == 0 && x == -y) {
            return (int) (add64(x, y) >>> 32);
        }
        return narrow(s, Double.isInfinite(s) ? 0 : roundingError(x, y));
    }

    /** Square root of a float. */
    public int sqrt32(int aBits) {
        int a = zeroIfDenormal32(aBits);
        if (isNaN32(a)) {
            return nan32(a, a);
        }
        double x = Float.intBitsToFloat(a);
        if (x < 0) {
            flags |= Mxcsr.IE;
            return FLOAT_DEFAULT_NAN;
        }
        noteDenormals32(a, a);
        double r = Math.sqrt(x);
        return narrow(r, Double.isInfinite(r) || r == 0 ? 0 : Math.fma(-r, r, x));
    }

    /**
     * Rounds to a float.
     *
     * @param value nearest double to the exact result
     * @param error has the sign of what is missing
     */
    private int narrow(double value, double error) {
        float nearest = (float) value;
        if (value == 0 || Double.isInfinite(value)) {
            return Float.floatToRawIntBits(nearest);
        }
        double missing = Float.isInfinite(nearest) ? -nearest : value - nearest;
        if (missing == 0) {
            missing = error;
        }
        int rounding = Mxcsr.rounding(mxcsr);
        if (Math.abs(value) < 2 * Float.MIN_NORMAL && isTiny32(value, error, rounding)) {
            if (missing != 0 || !Mxcsr.masks(mxcsr, Mxcsr.UE)) {
                flags |= Mxcsr.UE;
            }
            if (Mxcsr.masks(mxcsr, Mxcsr.UE) && (mxcsr & Mxcsr.FTZ) != 0) {
                flags |= Mxcsr.UE | Mxcsr.PE;
                return value < 0 ? Integer.MIN_VALUE : 0;
            }
        }
        float r = nearest;
        if (missing != 0) {
            flags |= Mxcsr.PE;
            r = step32(nearest, missing, rounding, value < 0);
        }
        boolean beyond = Math.abs(value) > 0x1p128 || (Math.abs(value) == 0x1p128 && error * value >= 0);
        if (beyond || Float.isInfinite(r)) {
            flags |= Mxcsr.OE | Mxcsr.PE;
        }
        return Float.floatToRawIntBits(r);
    }

    /** Whether the result, rounded as if floats had no least exponent, is below the normal ones. */
    private static boolean isTiny32(double value, double error, int rounding) {
        double scaled = Math.scalb(value, FLOAT_SCALE);
        float nearest = (float) scaled;
        double missing = scaled - nearest;
        float unbounded = step32(nearest, missing != 0 ? missing : error, rounding, value < 0);
        return Math.abs(unbounded) < Math.scalb(Float.MIN_NORMAL, FLOAT_SCALE);
    }

    private static float step32(float nearest, double error, int rounding, boolean negative) {
        if (error == 0 || rounding == 0) {
            return nearest;
        }
        boolean down = rounding == 1 || (rounding == 3 && !negative);
        if (down) {
            return error < 0 ? Math.nextDown(nearest) : nearest;
        }
        float r = error > 0 ? Math.nextUp(nearest) : nearest;
        return r == 0 && negative ? -0.0f : r;
    }

    private int select32(Op op, int a, int b) {
        if (isNaN32(a) || isNaN32(b)) {
            flags |= Mxcsr.IE;
            return b;
        }
        noteDenormals32(a, b);
        float x = Float.intBitsToFloat(a);
        float y = Float.intBitsToFloat(b);
        return (op == Op.MIN ? x < y : x > y) ? a : b;
    }

    /** As {@link #compare64}. */
    public int compare32(int aBits, int bBits, boolean signalsQuiet) {
        int a = zeroIfDenormal32(aBits);
        int b = zeroIfDenormal32(bBits);
        if (isNaN32(a) || isNaN32(b)) {
            if (signalsQuiet || isSignalling32(a) || isSignalling32(b)) {
                flags |= Mxcsr.IE;
            }
            return 2;
        }
        noteDenormals32(a, b);
        float x = Float.intBitsToFloat(a);
        float y = Float.intBitsToFloat(b);
        return x < y ? -1 : x > y ? 1 : 0;
    }

    private static boolean isNaN32(int a) {
        return (a & Integer.MAX_VALUE) > 0x7f80_0000;
    }

    private static boolean isSignalling32(int a) {
        return isNaN32(a) && (a & FLOAT_QUIET) == 0;
    }

    private static boolean isDenormal32(int a) {
        return (a & 0x7f80_0000) == 0 && a << 1 != 0;
    }

    private int zeroIfDenormal32(int a) {
        return (mxcsr & Mxcsr.DAZ) != 0 && isDenormal32(a) ? a & Integer.MIN_VALUE : a;
    }

    private void noteDenormals32(int a, int b) {
        if (isDenormal32(a) || isDenormal32(b)) {
            flags |= Mxcsr.DE;
        }
    }

    private int nan32(int a, int b) {
        if (isSignalling32(a) || isSignalling32(b)) {
            flags |= Mxcsr.IE;
        }
        return (isNaN32(a) ? a : b) | FLOAT_QUIET;
    }

    // Conversions

    /** CVTSS2SD. */
    public long widen(int aBits) {
        int a = zeroIfDenormal32(aBits);
        if (isNaN32(a)) {
            if (isSignalling32(a)) {
                flags |= Mxcsr.IE;
            }
            long fraction = (long) (a & 0x007f_ffff) << 29;
            return ((long) a & 0x8000_0000L) << 32 | 0x7ff0_0000_0000_0000L | fraction | DOUBLE_QUIET;
        }
        noteDenormals32(a, a);
        return Double.doubleToRawLongBits(Float.intBitsToFloat(a));
    }

    /** CVTSD2SS. */
    public int narrow(long aBits) {
        long a = zeroIfDenormal64(aBits);
        if (isNaN64(a)) {
            if (isSignalling64(a)) {
                flags |= Mxcsr.IE;
            }
            return ((int) (a >>> 32) & 0x8000_0000) | 0x7f80_0000 | ((int) (a >>> 29) & 0x007f_ffff) | FLOAT_QUIET;
        }
        noteDenormals64(a, a);
        return narrow(Double.longBitsToDouble(a), 0);
    }

    /** A signed integer to a double. */
    public long fromInteger64(long value) {
        double nearest = value;
        // Two to the 63rd is no long: what is missing is then below it.
        double missing = nearest == 0x1p63 ? -1 : value - (long) nearest;
        return Double.doubleToRawLongBits(direct64(nearest, missing));
    }

    /** A signed integer to a float. */
    public int fromInteger32(long value) {
        float nearest = value;
        double missing = nearest == 0x1p63f ? -1 : value - (long) nearest;
        if (missing == 0) {
            return Float.floatToRawIntBits(nearest);
        }
        flags |= Mxcsr.PE;
        return Float.floatToRawIntBits(step32(nearest, missing, Mxcsr.rounding(mxcsr), value < 0));
    }

    /**
     * A double to a signed integer.
     *
     * @param bits 32 or 64
     * @param truncate to zero, whatever the rounding mode
     * @return the integer, or the most negative one for what is out of range
     */
    public long toInteger64(long aBits, int bits, boolean truncate) {
        double x = Double.longBitsToDouble(zeroIfDenormal64(aBits));
        double rounded =
                switch (truncate ? 3 : Mxcsr.rounding(mxcsr)) {
                    case 0 -> Math.rint(x);
                    case 1 -> Math.floor(x);
                    case 2 -> Math.ceil(x);
                    default -> x < 0 ? Math.ceil(x) : Math.floor(x);
                };
        double limit = bits == 32 ? 0x1p31 : 0x1p63;
        if (!(rounded >= -limit && rounded < limit)) {
            flags |= Mxcsr.IE;
            return bits == 32 ? Integer.MIN_VALUE : Long.MIN_VALUE;
        }
        if (rounded != x) {
            flags |= Mxcsr.PE;
        }
        return (long) rounded;
    }

    /** A float to a signed integer; as {@link #toInteger64}. */
    public long toInteger32(int aBits, int bits, boolean truncate) {
        int a = zeroIfDenormal32(aBits);
        if (isNaN32(a)) {
            flags |= Mxcsr.IE;
            return bits == 32 ? Integer.MIN_VALUE : Long.MIN_VALUE;
        }
        return toInteger64(Double.doubleToRawLongBits(Float.intBitsToFloat(a)), bits, truncate);
    }
}
