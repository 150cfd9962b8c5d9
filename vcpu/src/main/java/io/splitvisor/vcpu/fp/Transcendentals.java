// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.fp;

import io.splitvisor.vcpu.fp.Unpacked.Kind;

/**
 * The x87's transcendental functions, computed to about 120 bits and rounded once. Real processors promise an error below
 * one unit in the last place; this one's is below 0.51 of it. Sine and its kin are those of an angle reduced by the
 * x87's own pi of 66 bits, which is part of what the architecture documents (SDM volume 1, 8.3.8).
 */
public final class Transcendentals {
    /** Angles of two to this power, and greater ones, are out of range. */
    private static final int RANGE = 63;

    private final Angles angles = new Angles();
    private final Logarithms logarithms = new Logarithms();
    private final X87 m;

    Transcendentals(X87 m) {
        this.m = m;
    }

    /** Whether an angle is too large: nothing but C2 happens then. */
    public static boolean isOutOfRange(Unpacked a) {
        return a.kind == Kind.FINITE && a.exponent >= RANGE;
    }

    /** FSIN. */
    public void sine() {
        angle(Angles.Function.SINE);
    }

    /** FCOS. */
    public void cosine() {
        angle(Angles.Function.COSINE);
    }

    /** FPTAN; {@code b} becomes one. */
    public void tangent() {
        angle(Angles.Function.TANGENT);
        if (m.r.isNan()) {
            m.b.set(m.r);
        } else {
            m.b.integer(1);
        }
    }

    /** FSINCOS; {@code b} becomes the cosine. */
    public void sineAndCosine() {
        cosine();
        m.b.set(m.r);
        sine();
    }

    private void angle(Angles.Function function) {
        if (m.handleNans(false)) {
            return;
        }
        switch (m.a.kind) {
            case INFINITE -> m.invalid();
            case ZERO -> {
                m.r.zero(m.a.negative);
                if (function == Angles.Function.COSINE) {
                    m.r.integer(1);
                }
            }
            default -> {
                noteDenormals(m.a, m.a);
                boolean negative = angles.evaluate(function, m.a);
                deliverInexact(negative, angles.result);
            }
        }
    }

    /** F2XM1: {@code 2^a - 1} for a between -1 and 1; outside, where the result is undefined, a itself. */
    public void powerMinusOne() {
        if (m.handleNans(false)) {
            return;
        }
        Unpacked a = m.a;
        m.r.set(a);
        if (a.kind == Kind.INFINITE) {
            if (a.negative) {
                m.r.integer(-1);
            }
        } else if (a.kind == Kind.FINITE && a.exponent >= 0) {
            if (a.negative && a.exponent == 0 && a.significand == Long.MIN_VALUE) {
                m.r.exponent = -1;
            }
        } else if (a.kind == Kind.FINITE) {
            noteDenormals(a, a);
            deliverInexact(a.negative, logarithms.powerMinusOne(a));
        }
    }

    /** FYL2X: {@code b * log2(a)}. */
    public void logarithm() {
        if (m.handleNans(true)) {
            return;
        }
        Unpacked x = m.a;
        Unpacked y = m.b;
        boolean isOne = x.kind == Kind.FINITE && x.exponent == 0 && x.significand == Long.MIN_VALUE;
        boolean below = x.kind == Kind.ZERO || (x.kind == Kind.FINITE && x.exponent < 0);
        boolean negative = y.negative != below;
        boolean indefinite = (x.kind == Kind.ZERO && y.kind == Kind.ZERO)
                || (x.kind == Kind.INFINITE && y.kind == Kind.ZERO)
                || (isOne && y.kind == Kind.INFINITE);
        if (x.isBelowZero() || indefinite) {
            m.invalid();
            return;
        }
        if (x.kind == Kind.ZERO) {
            if (y.kind == Kind.FINITE) {
                m.exact.raise(Mxcsr.ZE);
            }
            m.r.infinite(negative);
            return;
        }
        noteDenormals(x, y);
        if (x.kind == Kind.INFINITE || y.kind == Kind.INFINITE) {
            m.r.infinite(negative);
        } else if (y.kind == Kind.ZERO || isOne) {
            m.r.zero(negative);
        } else {
            deliverProduct(negative, logarithms.binary(x), y);
        }
    }

    /** FYL2XP1: {@code b * log2(a + 1)}. */
    public void logarithmPlusOne() {
        if (m.handleNans(true)) {
            return;
        }
        Unpacked x = m.a;
        Unpacked y = m.b;
        boolean negative = x.negative != y.negative;
        boolean belowMinusOne = x.isBelowZero() && (x.kind == Kind.INFINITE || x.exponent >= 0);
        boolean indefinite =
                (x.kind == Kind.ZERO && y.kind == Kind.INFINITE) || (x.kind == Kind.INFINITE && y.kind == Kind.ZERO);
        if (belowMinusOne || indefinite) {
            m.invalid();
            return;
        }
        noteDenormals(x, y);
        if (x.kind == Kind.INFINITE || y.kind == Kind.INFINITE) {
            m.r.infinite(negative);
        } else if (x.kind == Kind.ZERO || y.kind == Kind.ZERO) {
            m.r.zero(negative);
        } else {
            deliverProduct(negative, logarithms.binaryOfOnePlus(x), y);
        }
    }

    /** FPATAN: the angle of the point whose ordinate is b and whose abscissa is a. */
    public void arcTangent() {
        if (m.handleNans(true)) {
            return;
        }
        Unpacked x = m.a;
        Unpacked y = m.b;
        noteDenormals(x, y);
        boolean noHeight = y.kind == Kind.ZERO || (x.kind == Kind.INFINITE && y.kind == Kind.FINITE);
        if (noHeight && !x.negative) {
            m.r.zero(y.negative);
        } else {
            deliverInexact(y.negative, angles.arcTangent(y, x));
        }
    }

    private void noteDenormals(Unpacked a, Unpacked b) {
        if (a.denormal || b.denormal) {
            m.exact.raise(Mxcsr.DE);
        }
    }

    private void deliverProduct(boolean negative, Precise factor, Unpacked y) {
        Precise other = logarithms.scratch;
        other.set(y);
        factor.multiply(other);
        deliver(negative, factor);
    }

    private void deliverInexact(boolean negative, Precise value) {
        value.low |= 1;
        deliver(negative, value);
    }

    /** An exact result, as a logarithm of a power of two may be, has a lower half of zero. */
    private void deliver(boolean negative, Precise value) {
        m.r.finite(negative, value.exponent, value.high);
        m.exact.extra = value.low;
        m.roundFully();
    }
}
