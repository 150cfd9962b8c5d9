// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.fp;

import io.splitvisor.vcpu.fp.Unpacked.Kind;

/**
 * Arithmetic of the x87 on the operands {@link #a} and {@link #b}. Results are in {@link #r}, rounded; the flags, of the
 * status word's bits, collect until {@link #start}.
 */
public final class X87 {
    /** The two-operand operations. */
    public enum Op {
        /** Addition. */
        ADD,
        /** Multiplication. */
        MUL,
        /** Subtraction. */
        SUB,
        /** Subtraction from the second operand. */
        SUBR,
        /** Division. */
        DIV,
        /** Division of the second operand. */
        DIVR
    }

    /** Unordered, as a comparison's answer. */
    public static final int UNORDERED = 2;

    /** {@link #quotient}: the remainder is not reduced yet. */
    public static final int PARTIAL = -1;

    /** {@link #quotient}: the operands have no remainder. */
    public static final int NONE = -2;

    /** Exponents of unmasked overflow and underflow are brought back into range by this. SDM volume 1, 8.5.4. */
    private static final int WRAP = 24576;

    private static final int[] PRECISIONS = {24, 64, 53, 64};
    private static final long MOST_DECIMAL = 999_999_999_999_999_999L;
    /** Far beyond the range of exponents, so that rounding sees an overflow or underflow. */
    private static final int FAR = 0x10000;

    /** First operand. */
    public final Unpacked a = new Unpacked();

    /** Second operand. */
    public final Unpacked b = new Unpacked();

    /** The result. */
    public final Unpacked r;

    /** Functions of the operands. */
    public final Transcendentals functions;

    final Arithmetic exact = new Arithmetic();
    private int precision;
    private int rounding;
    private int unmasked;
    private int quotient;

    /** An idle unit. */
    public X87() {
        this.r = exact.r;
        this.functions = new Transcendentals(this);
    }

    /** Starts an instruction under a control word. */
    public void start(int control) {
        precision = PRECISIONS[control >> 8 & 3];
        rounding = control >> 10 & 3;
        unmasked = ~control & Mxcsr.FLAGS;
        exact.start(rounding, unmasked, false, WRAP);
        quotient = NONE;
    }

    /** The flags raised since {@link #start}. */
    public int flags() {
        return exact.flags;
    }

    /** Whether the result was rounded away from zero: C1. */
    public boolean roundedAway() {
        return exact.away;
    }

    /** The low bits of a remainder's quotient, {@link #PARTIAL} or {@link #NONE}. */
    public int quotient() {
        return quotient;
    }

    /** Leaves what an invalid operation gives. */
    public void invalid() {
        exact.invalid();
    }

    /** Answers for operands that are no numbers. False if both are. */
    boolean handleNans(boolean both) {
        boolean unsupported = a.kind == Kind.UNSUPPORTED || (both && b.kind == Kind.UNSUPPORTED);
        if (unsupported) {
            invalid();
            return true;
        }
        boolean second = both && b.isNan();
        if (!a.isNan() && !second) {
            return false;
        }
        if (a.isSignalling() || (second && b.isSignalling())) {
            exact.raise(Mxcsr.IE);
        }
        r.set(!second || (a.isNan() && firstWins()) ? a : b);
        r.quiet();
        return true;
    }

    /** Of two NaNs a quiet one beats a signalling one, then the greater payload, then the positive sign. */
    private boolean firstWins() {
        if (a.isSignalling() != b.isSignalling()) {
            return b.isSignalling();
        }
        int order = Long.compareUnsigned(a.significand, b.significand);
        return order != 0 ? order > 0 : !a.negative;
    }

    /** {@code r = a op b} in the precision under control. */
    public void binary(Op op) {
        if (handleNans(true)) {
            return;
        }
        switch (op) {
            case ADD -> exact.add(a, b, false);
            case MUL -> exact.multiply(a, b);
            case SUB -> exact.add(a, b, true);
            case SUBR -> exact.add(b, a, true);
            case DIV -> exact.divide(a, b);
            default -> exact.divide(b, a);
        }
        exact.round(precision, Format.EXTENDED);
    }

    /** The square root of a. */
    public void root() {
        if (!handleNans(false)) {
            exact.root(a);
            exact.round(precision, Format.EXTENDED);
        }
    }

    /** Rounds a to an integer. */
    public void integral() {
        if (!handleNans(false)) {
            if (a.denormal) {
                exact.raise(Mxcsr.DE);
            }
            exact.integral(a, rounding);
        }
    }

    /** Compares a with b: -1, 0, 1 or {@link #UNORDERED}. */
    public int compare(boolean signalsQuiet) {
        boolean unsupported = a.kind == Kind.UNSUPPORTED || b.kind == Kind.UNSUPPORTED;
        if (unsupported || a.isNan() || b.isNan()) {
            if (signalsQuiet || unsupported || a.isSignalling() || b.isSignalling()) {
                exact.raise(Mxcsr.IE);
            }
            return UNORDERED;
        }
        return exact.compare(a, b);
    }

    /** {@code r = a} as loaded from a float or double: NaNs become quiet, denormals are noted. */
    public void widen() {
        r.set(a);
        exact.extra = 0;
        if (a.isSignalling()) {
            exact.raise(Mxcsr.IE);
            r.quiet();
        }
        if (a.denormal) {
            exact.raise(Mxcsr.DE);
        }
    }

    /** The bits of a as a float or double. Overflow and underflow have no result where they are not masked. */
    public long narrow(Format to) {
        exact.start(rounding, unmasked, false, 0);
        if (!handleNans(false)) {
            r.set(a);
            exact.extra = 0;
            exact.round(to);
            if ((exact.flags & unmasked & (Mxcsr.OE | Mxcsr.UE)) != 0) {
                // Nothing is delivered, and so nothing was rounded.
                exact.flags &= ~Mxcsr.PE;
                exact.away = false;
            }
        }
        return to.pack(r);
    }

    /**
     * The integer nearest to a.
     *
     * @param size bytes: 2, 4 or 8
     */
    public long toInteger(int size, boolean truncate) {
        long most = -1L >>> (65 - 8 * size);
        long magnitude = exact.integer(a, truncate ? Arithmetic.CHOP : rounding);
        boolean fits = magnitude >= 0 && magnitude <= most;
        if (!fits && !(a.negative && magnitude == most + 1)) {
            exact.flags = Mxcsr.IE;
            exact.away = false;
            return ~most;
        }
        return a.negative ? -magnitude : magnitude;
    }

    /** The magnitude of the integer nearest to a, or -1 if it has more than 18 decimal digits. */
    public long toDecimal() {
        long magnitude = exact.integer(a, rounding);
        if (magnitude < 0 || magnitude > MOST_DECIMAL) {
            exact.flags = Mxcsr.IE;
            exact.away = false;
            return -1;
        }
        return magnitude;
    }

    /** {@code r = a * 2^trunc(b)}. */
    public void scale() {
        if (handleNans(true)) {
            return;
        }
        exact.extra = 0;
        boolean huge = b.kind == Kind.INFINITE;
        if (huge && a.kind == (b.negative ? Kind.INFINITE : Kind.ZERO)) {
            invalid();
            return;
        }
        if (a.denormal || b.denormal) {
            exact.raise(Mxcsr.DE);
        }
        if (huge && b.negative) {
            r.zero(a.negative);
        } else if (huge) {
            r.infinite(a.negative);
        } else {
            r.set(a);
            if (r.kind == Kind.FINITE && b.kind == Kind.FINITE && b.exponent >= 0) {
                int by = b.exponent > 16 ? FAR : (int) Math.min(FAR, b.significand >>> (63 - b.exponent));
                r.exponent += b.negative ? -by : by;
            }
            exact.round(Format.EXTENDED);
        }
    }

    /** {@code b} becomes the exponent of a, {@code r} its significand. */
    public void extract() {
        if (handleNans(false)) {
            b.set(r);
            return;
        }
        r.set(a);
        switch (a.kind) {
            case ZERO -> {
                exact.raise(Mxcsr.ZE);
                b.infinite(true);
            }
            case INFINITE -> b.infinite(false);
            default -> {
                if (a.denormal) {
                    exact.raise(Mxcsr.DE);
                }
                b.integer(a.exponent);
                r.exponent = 0;
            }
        }
    }

    /** {@code r = a rem b}, the quotient chopped (FPREM) or rounded to nearest (FPREM1); {@link #quotient} tells its bits. */
    public void remainder(boolean nearest) {
        if (handleNans(true)) {
            return;
        }
        if (a.kind == Kind.INFINITE || b.kind == Kind.ZERO) {
            invalid();
            return;
        }
        if (a.denormal || b.denormal) {
            exact.raise(Mxcsr.DE);
        }
        quotient = 0;
        exact.extra = 0;
        r.set(a);
        if (a.kind == Kind.FINITE && b.kind == Kind.FINITE) {
            reduce(nearest, a.exponent - b.exponent);
        }
        exact.round(Format.EXTENDED);
    }

    private void reduce(boolean nearest, int distance) {
        if (distance < (nearest ? -1 : 0)) {
            return;
        }
        // So many bits at a time, as real processors do when there are more than 63.
        boolean partial = distance > 63;
        int steps = partial ? distance & 31 | 32 : distance;
        if (distance < 0) {
            // Half of a against b: what follows would start at a bit below.
            reduceBelowOne();
            return;
        }
        long bits = 0;
        long rest = a.significand;
        boolean carry = false;
        for (int n = steps; n >= 0; n--) {
            boolean fits = carry || Long.compareUnsigned(rest, b.significand) >= 0;
            bits = bits << 1 | (fits ? 1 : 0);
            if (fits) {
                rest -= b.significand;
            }
            carry = n > 0 && rest < 0;
            if (n > 0) {
                rest <<= 1;
            }
        }
        if (nearest && !partial && roundsUp(rest, (bits & 1) != 0)) {
            rest = b.significand - rest;
            r.negative = !r.negative;
            bits++;
        }
        quotient = partial ? PARTIAL : (int) bits & 7;
        if (rest == 0) {
            r.zero(a.negative);
        } else {
            int n = Long.numberOfLeadingZeros(rest);
            r.finite(r.negative, a.exponent - steps - n, rest << n);
        }
    }

    private boolean roundsUp(long rest, boolean odd) {
        long other = b.significand - rest;
        int order = Long.compareUnsigned(rest, other);
        return order > 0 || (order == 0 && odd);
    }

    /** a is between a quarter and one b: the nearest quotient is 0 or 1. */
    private void reduceBelowOne() {
        if (Long.compareUnsigned(a.significand, b.significand) > 0) {
            exact.add(b, a, true);
            // |b| - |a|, with the opposite of a's sign.
            if (a.negative != b.negative) {
                exact.add(b, a, false);
            }
            r.negative = !a.negative;
            quotient = 1;
        }
    }

    /** Rounds what is in {@link #r} to 64 bits, whatever the precision under control. */
    void roundFully() {
        exact.round(Format.EXTENDED);
    }

    /** The mode of rounding: 0 nearest, 1 down, 2 up, 3 to zero. */
    public int rounding() {
        return rounding;
    }
}
