// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.fp;

import io.splitvisor.vcpu.fp.Unpacked.Kind;

/**
 * Scalar operations of SSE on bit patterns of floats and doubles. An instance collects the flags of all elements of one
 * instruction. Floats are zero-extended longs.
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

    /** With these bits of MXCSR as {@link #HOST_STATE}, the host's arithmetic is ours, but for denormals and NaNs. */
    private static final int HOST_BITS = Mxcsr.FLAGS << Mxcsr.MASK_SHIFT | 3 << Mxcsr.ROUNDING_SHIFT | Mxcsr.PE;

    /** All exceptions masked, to nearest, inexactness already noted. */
    private static final int HOST_STATE = Mxcsr.FLAGS << Mxcsr.MASK_SHIFT | Mxcsr.PE;

    private final Arithmetic exact = new Arithmetic();
    private final Unpacked a = new Unpacked();
    private final Unpacked b = new Unpacked();
    private boolean host;
    private boolean denormalsAreZero;

    /** Starts an instruction. */
    public void start(int mxcsr) {
        int unmasked = ~(mxcsr >> Mxcsr.MASK_SHIFT) & Mxcsr.FLAGS;
        exact.start(Mxcsr.rounding(mxcsr), unmasked, (mxcsr & Mxcsr.FTZ) != 0, 0);
        host = (mxcsr & HOST_BITS) == HOST_STATE;
        denormalsAreZero = (mxcsr & Mxcsr.DAZ) != 0;
    }

    /** The flags raised since {@link #start}. */
    public int flags() {
        return exact.flags;
    }

    private void load(Format f, long aBits, long bBits) {
        unpack(f, aBits, a);
        unpack(f, bBits, b);
    }

    private void unpack(Format f, long bits, Unpacked to) {
        f.unpack(bits, to);
        if (denormalsAreZero && to.denormal) {
            to.zero(to.negative);
        }
    }

    /** A two-operand operation. */
    public long binary(Format f, Op op, long aBits, long bBits) {
        if (host && f == Format.DOUBLE) {
            double result = onHost(op, Double.longBitsToDouble(aBits), Double.longBitsToDouble(bBits));
            double size = Math.abs(result);
            if (size > Double.MIN_NORMAL && size <= Double.MAX_VALUE && isPlain(aBits) && isPlain(bBits)) {
                return Double.doubleToRawLongBits(result);
            }
        }
        load(f, aBits, bBits);
        if (op == Op.MIN || op == Op.MAX) {
            return select(f, op, aBits, bBits);
        }
        if (a.isNan() || b.isNan()) {
            return nan(f);
        }
        switch (op) {
            case ADD, SUB -> exact.add(a, b, op == Op.SUB);
            case MUL -> exact.multiply(a, b);
            default -> exact.divide(a, b);
        }
        exact.round(f);
        return f.pack(exact.r);
    }

    /** NaN where the host's answer is of no use. */
    private static double onHost(Op op, double x, double y) {
        return switch (op) {
            case ADD -> x + y;
            case SUB -> x - y;
            case MUL -> x * y;
            case DIV -> x / y;
            default -> Double.NaN;
        };
    }

    /** Whether a double is normal; zero, which is rare, counts as none. */
    private static boolean isPlain(long bits) {
        long field = bits >>> 52 & 2047;
        return field != 0 && field != 2047;
    }

    private long select(Format f, Op op, long aBits, long bBits) {
        long second = b.kind == Kind.ZERO ? f.pack(b) : bBits;
        if (a.isNan() || b.isNan()) {
            exact.raise(Mxcsr.IE);
            return second;
        }
        boolean first = exact.compare(a, b) == (op == Op.MIN ? -1 : 1);
        return first ? (a.kind == Kind.ZERO ? f.pack(a) : aBits) : second;
    }

    /** The first NaN, made quiet. */
    private long nan(Format f) {
        if (a.isSignalling() || b.isSignalling()) {
            exact.raise(Mxcsr.IE);
        }
        Unpacked nan = a.isNan() ? a : b;
        nan.quiet();
        return f.pack(nan);
    }

    /** Square root. */
    public long root(Format f, long bits) {
        load(f, bits, bits);
        if (a.isNan()) {
            return nan(f);
        }
        exact.root(a);
        exact.round(f);
        return f.pack(exact.r);
    }

    /** A comparison: -1 less, 0 equal, 1 greater, 2 unordered. */
    public int compare(Format f, long aBits, long bBits, boolean signalsQuiet) {
        load(f, aBits, bBits);
        if (a.isNan() || b.isNan()) {
            if (signalsQuiet || a.isSignalling() || b.isSignalling()) {
                exact.raise(Mxcsr.IE);
            }
            return 2;
        }
        return exact.compare(a, b);
    }

    /** From one format to the other. */
    public long convert(Format from, Format to, long bits) {
        load(from, bits, bits);
        if (a.isNan()) {
            return nan(to);
        }
        if (a.denormal) {
            exact.raise(Mxcsr.DE);
        }
        exact.r.set(a);
        exact.extra = 0;
        exact.round(to);
        return to.pack(exact.r);
    }

    /** From a signed integer. */
    public long fromInteger(Format to, long value) {
        exact.r.integer(value);
        exact.extra = 0;
        exact.round(to);
        return to.pack(exact.r);
    }

    /**
     * To a signed integer.
     *
     * @param size bytes of the integer, 4 or 8
     * @param truncate to zero, whatever the rounding mode
     * @return the integer, or the most negative one for what is out of range
     */
    public long toInteger(Format from, long bits, int size, boolean truncate) {
        unpack(from, bits, a);
        int before = exact.flags;
        long magnitude = exact.integer(a, truncate ? Arithmetic.CHOP : exact.rounding());
        long least = size == 4 ? Integer.MIN_VALUE : Long.MIN_VALUE;
        boolean fits = magnitude >= 0 && magnitude <= ~least;
        if (!fits && !(a.negative && magnitude == -least)) {
            exact.flags = before | Mxcsr.IE;
            return least;
        }
        return a.negative ? -magnitude : magnitude;
    }

    /**
     * Rounds to an integer of the same format.
     *
     * @param control ROUNDPD's immediate: the mode, or 4 for that of MXCSR; 8 keeps inexactness quiet
     */
    public long integral(Format f, long bits, int control) {
        load(f, bits, bits);
        if (a.isNan()) {
            return nan(f);
        }
        int before = exact.flags;
        exact.integral(a, (control & 4) != 0 ? exact.rounding() : control & 3);
        if ((control & 8) != 0) {
            exact.flags = before;
        }
        return f.pack(exact.r);
    }
}
