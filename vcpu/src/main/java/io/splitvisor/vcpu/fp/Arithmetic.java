// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.fp;

import io.splitvisor.vcpu.fp.Unpacked.Kind;

/**
 * Arithmetic on numbers that are no NaNs, exact but for one rounding. Flags have the same bits in MXCSR and in the x87's
 * status word, and collect until {@link #start}.
 */
final class Arithmetic {
    /** To nearest, ties to even. */
    static final int NEAREST = 0;
    /** Towards minus infinity. */
    static final int DOWN = 1;
    /** Towards plus infinity. */
    static final int UP = 2;
    /** Towards zero. */
    static final int CHOP = 3;

    /** The result. */
    final Unpacked r = new Unpacked();
    /** The result's bits below its significand, the lowest of them sticky. */
    long extra;

    int flags;
    /** Whether the last rounding went away from zero. */
    boolean away;

    private final Wide wide = new Wide();
    private int rounding;
    private int unmasked;
    private boolean flush;
    private int wrap;

    /**
     * Starts an operation.
     *
     * @param newRounding {@link #NEAREST} and so on
     * @param newUnmasked flags whose exceptions are not masked
     * @param newFlush whether a masked underflow gives zero
     * @param newWrap what is added to the exponent of an unmasked underflow, taken from an overflow's; 0 if no result
     *     is delivered then
     */
    void start(int newRounding, int newUnmasked, boolean newFlush, int newWrap) {
        rounding = newRounding;
        unmasked = newUnmasked;
        flush = newFlush;
        wrap = newWrap;
        flags = 0;
        away = false;
    }

    void raise(int flag) {
        flags |= flag;
    }

    void invalid() {
        raise(Mxcsr.IE);
        r.defaultNan();
        extra = 0;
    }

    private void noteDenormals(Unpacked a, Unpacked b) {
        if (a.denormal || b.denormal) {
            raise(Mxcsr.DE);
        }
    }

    // Exact results

    /** {@code a + b}, or {@code a - b}. */
    void add(Unpacked a, Unpacked b, boolean subtract) {
        boolean bNegative = b.negative != subtract;
        boolean opposite = a.negative != bNegative;
        extra = 0;
        if (a.kind == Kind.INFINITE && b.kind == Kind.INFINITE && opposite) {
            invalid();
            return;
        }
        noteDenormals(a, b);
        int order = Unpacked.compareMagnitudes(a, b);
        if (order == 0 && opposite) {
            r.zero(rounding == DOWN);
            return;
        }
        boolean first = order >= 0;
        Unpacked large = first ? a : b;
        Unpacked small = first ? b : a;
        r.set(large);
        r.negative = first ? a.negative : bNegative;
        if (large.kind == Kind.FINITE && small.kind == Kind.FINITE) {
            wide.set(small.significand, 0);
            wide.shiftRightSticky(large.exponent - small.exponent);
            if (opposite) {
                difference(large.significand);
            } else {
                sum(large.significand);
            }
        }
    }

    private void sum(long significand) {
        long total = significand + wide.high;
        extra = wide.low;
        if (Long.compareUnsigned(total, significand) < 0) {
            extra = total << 63 | extra >>> 1 | (extra & 1);
            total = total >>> 1 | Long.MIN_VALUE;
            r.exponent++;
        }
        r.significand = total;
    }

    private void difference(long significand) {
        long low = wide.low;
        long high = wide.high;
        wide.set(significand, 0);
        wide.subtract(high, low);
        normalize(wide);
    }

    /** Takes the result's significand from 128 bits whose top bit has the weight of the result's exponent. */
    void normalize(Wide value) {
        int n = value.leadingZeros();
        value.shiftLeft(n);
        r.exponent -= n;
        r.significand = value.high;
        extra = value.low;
    }

    void multiply(Unpacked a, Unpacked b) {
        boolean sign = a.negative != b.negative;
        Kind greater = a.kind.compareTo(b.kind) > 0 ? a.kind : b.kind;
        boolean zero = a.kind == Kind.ZERO || b.kind == Kind.ZERO;
        extra = 0;
        if (greater == Kind.INFINITE && zero) {
            invalid();
            return;
        }
        noteDenormals(a, b);
        if (greater == Kind.INFINITE) {
            r.infinite(sign);
        } else if (zero) {
            r.zero(sign);
        } else {
            wide.product(a.significand, b.significand);
            r.finite(sign, a.exponent + b.exponent + 1, 0);
            normalize(wide);
        }
    }

    void divide(Unpacked a, Unpacked b) {
        boolean sign = a.negative != b.negative;
        extra = 0;
        if (a.kind == b.kind && a.kind != Kind.FINITE) {
            invalid();
            return;
        }
        if (b.kind == Kind.ZERO && a.kind == Kind.FINITE) {
            raise(Mxcsr.ZE);
            r.infinite(sign);
            return;
        }
        noteDenormals(a, b);
        if (a.kind == Kind.INFINITE || b.kind == Kind.ZERO) {
            r.infinite(sign);
        } else if (a.kind == Kind.ZERO || b.kind == Kind.INFINITE) {
            r.zero(sign);
        } else {
            quotient(sign, a, b);
        }
    }

    private void quotient(boolean sign, Unpacked a, Unpacked b) {
        boolean less = Long.compareUnsigned(a.significand, b.significand) < 0;
        if (less) {
            wide.set(a.significand, 0);
        } else {
            wide.set(a.significand >>> 1, a.significand << 63);
        }
        wide.divide(b.significand);
        r.finite(sign, a.exponent - b.exponent - (less ? 1 : 0), wide.high);
        // The remainder against half of the divisor.
        long rest = wide.low;
        boolean half = rest < 0 || Long.compareUnsigned(2 * rest, b.significand) >= 0;
        boolean exact = rest == 0 || (half && 2 * rest == b.significand);
        extra = (half ? Long.MIN_VALUE : 0) | (exact ? 0 : 1);
    }

    void root(Unpacked a) {
        extra = 0;
        if (a.isBelowZero()) {
            invalid();
            return;
        }
        noteDenormals(a, a);
        r.set(a);
        if (a.kind != Kind.FINITE) {
            return;
        }
        boolean odd = (a.exponent & 1) != 0;
        long high = odd ? a.significand : a.significand >>> 1;
        long low = odd ? 0 : a.significand << 63;
        long root = integerRoot(high, low);
        wide.product(root, root);
        long squareHigh = wide.high;
        long squareLow = wide.low;
        wide.set(high, low);
        wide.subtract(squareHigh, squareLow);
        boolean half = wide.compareTo(0, root) > 0;
        extra = (half ? Long.MIN_VALUE : 0) | (wide.isZero() ? 0 : 1);
        r.finite(false, a.exponent >> 1, root);
    }

    /** The root of 128 bits of which one of the top two is set: the host's estimate, one step of Newton's, corrected. */
    private long integerRoot(long high, long low) {
        double estimate = Math.sqrt((high >>> 1) * 2.0 + (high & 1)) * 0x1p32;
        long root = estimate >= 0x1p64 ? -1 : (long) (estimate * 0.5) << 1;
        wide.set(high, low);
        long quotient = -1;
        if (Long.compareUnsigned(high, root) < 0) {
            wide.divide(root);
            quotient = wide.high;
        }
        root = (root >>> 1) + (quotient >>> 1) + (root & quotient & 1);
        while (squareExceeds(root, high, low)) {
            root--;
        }
        while (root != -1 && !squareExceeds(root + 1, high, low)) {
            root++;
        }
        return root;
    }

    private boolean squareExceeds(long root, long high, long low) {
        wide.product(root, root);
        return wide.compareTo(high, low) > 0;
    }

    /** -1 less, 0 equal, 1 greater; neither is a NaN. */
    int compare(Unpacked a, Unpacked b) {
        noteDenormals(a, b);
        int magnitudes = Unpacked.compareMagnitudes(a, b);
        if (a.kind == Kind.ZERO && b.kind == Kind.ZERO) {
            return 0;
        }
        if (a.negative != b.negative) {
            return a.negative ? -1 : 1;
        }
        return a.negative ? -magnitudes : magnitudes;
    }

    // Rounding

    /** Rounds the result to the precision and range of a format. */
    void round(Format format) {
        round(format.precision, format);
    }

    /** Rounds the result to a precision, in the range of a format. */
    void round(int precision, Format range) {
        if (r.kind != Kind.FINITE) {
            return;
        }
        int drop = 64 - precision;
        boolean tiny = r.exponent < range.minExponent && isTiny(drop, range);
        boolean wrapped = tiny && wrap != 0 && (unmasked & Mxcsr.UE) != 0;
        if (wrapped) {
            r.exponent += wrap;
        } else if (r.exponent < range.minExponent) {
            wide.set(r.significand, extra);
            wide.shiftRightSticky(range.minExponent - r.exponent);
            r.significand = wide.high;
            extra = wide.low;
            r.exponent = range.minExponent;
        }
        boolean inexact = roundAt(drop, rounding);
        if (tiny && (inexact || (unmasked & Mxcsr.UE) != 0)) {
            raise(Mxcsr.UE);
        }
        if (tiny && flush && (unmasked & Mxcsr.UE) == 0) {
            raise(Mxcsr.UE | Mxcsr.PE);
            r.zero(r.negative);
        } else if (r.significand == 0) {
            r.zero(r.negative);
        } else if (r.exponent < range.minExponent) {
            // Too small for the wrapped range, too.
            raise(Mxcsr.PE);
            r.zero(r.negative);
        } else if (r.exponent > range.maxExponent) {
            overflow(drop, range);
        }
    }

    /** Whether it would be below the normal numbers even if it were rounded without a least exponent. */
    private boolean isTiny(int drop, Format range) {
        if (r.exponent < range.minExponent - 1) {
            return true;
        }
        long significand = r.significand;
        int exponent = r.exponent;
        int before = flags;
        roundAt(drop, rounding);
        boolean tiny = r.exponent < range.minExponent;
        r.significand = significand;
        r.exponent = exponent;
        flags = before;
        return tiny;
    }

    private void overflow(int drop, Format range) {
        raise(Mxcsr.OE);
        if (wrap != 0 && (unmasked & Mxcsr.OE) != 0) {
            r.exponent -= wrap;
            if (r.exponent > range.maxExponent) {
                r.infinite(r.negative);
                away = true;
                raise(Mxcsr.PE);
            }
            return;
        }
        raise(Mxcsr.PE);
        away = rounding == NEAREST || rounding == (r.negative ? DOWN : UP);
        if (away) {
            r.infinite(r.negative);
        } else {
            r.finite(r.negative, range.maxExponent, -1L << drop);
        }
    }

    /** Rounds the significand at a position; returns whether something was lost. */
    private boolean roundAt(int drop, int mode) {
        long mask = (1L << drop) - 1;
        long rest = r.significand & mask;
        away = false;
        if (rest == 0 && extra == 0) {
            return false;
        }
        raise(Mxcsr.PE);
        away = goesAway(drop, rest, mode);
        r.significand &= ~mask;
        if (away) {
            r.significand += mask + 1;
            if (r.significand == 0) {
                r.significand = Long.MIN_VALUE;
                r.exponent++;
            }
        }
        return true;
    }

    private boolean goesAway(int drop, long rest, int mode) {
        if (mode != NEAREST) {
            return mode == (r.negative ? DOWN : UP);
        }
        // What is lost, moved to the top, against one half.
        long top = drop == 0 ? extra : rest << (64 - drop);
        long below = drop == 0 ? 0 : extra;
        boolean odd = (r.significand >>> drop & 1) != 0;
        return top < 0 && (top != Long.MIN_VALUE || below != 0 || odd);
    }

    // Integers

    /**
     * Rounds a number to an integer.
     *
     * @param mode of rounding
     * @return its magnitude, or -1 if that does not fit into 63 bits and is not 2^63
     */
    long integer(Unpacked a, int mode) {
        if (a.kind == Kind.ZERO) {
            return 0;
        }
        if (a.kind != Kind.FINITE || a.exponent > 63) {
            return -1;
        }
        int drop = 63 - a.exponent;
        r.negative = a.negative;
        if (drop == 0) {
            return a.significand == Long.MIN_VALUE ? a.significand : -1;
        }
        // The integer's lowest bit at bit 0, its fraction in the extra bits.
        wide.set(a.significand, 0);
        wide.shiftRightSticky(drop);
        r.finite(a.negative, 63, wide.high);
        extra = wide.low;
        roundAt(0, mode);
        return r.significand;
    }

    /** The mode of rounding. */
    int rounding() {
        return rounding;
    }

    /** Rounds a number to an integer that is a number again; what is large stays. */
    void integral(Unpacked a, int mode) {
        extra = 0;
        if (a.kind == Kind.FINITE && a.exponent < 63) {
            long value = integer(a, mode);
            r.magnitude(a.negative, value);
        } else {
            r.set(a);
        }
        extra = 0;
    }
}
