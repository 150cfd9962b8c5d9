// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.fp;

import io.splitvisor.vcpu.fp.Unpacked.Kind;
import java.math.BigInteger;

/** Trigonometric functions and the arc tangent. */
final class Angles {
    /** What is computed of an angle. */
    enum Function {
        SINE,
        COSINE,
        TANGENT
    }

    /** Bits of constants before they are cut. */
    private static final int BITS = 192;

    /** The x87's pi, in units of 2^-64: 66 bits. Half of it in units of 2^-65. */
    private static final long PI_HIGH = 3;

    private static final long PI_LOW = 0x243f_6a88_85a3_08d3L;
    private static final int UNIT = 65;

    private static final BigInteger TRUE_PI = machin();
    private static final Precise PI = new Precise(TRUE_PI, BITS);
    private static final Precise HALF_PI = new Precise(TRUE_PI, BITS + 1);
    private static final Precise QUARTER_PI = new Precise(TRUE_PI, BITS + 2);
    /** Arc tangents of sixteenths. */
    private static final Precise[] TABLE = table();

    private final Series sine = new Series(17, n -> Series.factorial(2 * n + 1), true);
    private final Series cosine = new Series(17, n -> Series.factorial(2 * n), true);
    private final Series arcTangent = new Series(14, n -> BigInteger.valueOf(2 * n + 1), true);

    final Precise result = new Precise();
    private final Precise angle = new Precise();
    private final Precise square = new Precise();
    private final Precise other = new Precise();
    private final Wide wide = new Wide();
    private int quadrant;
    private boolean below;

    /** Leaves the magnitude in {@link #result}; returns whether it is negative. */
    boolean evaluate(Function function, Unpacked a) {
        reduce(a);
        square.set(angle);
        square.multiply(angle);
        boolean odd = (quadrant & 1) != 0;
        boolean secondHalf = (quadrant & 2) != 0;
        return switch (function) {
            case SINE -> {
                evaluate(!odd, result);
                yield a.negative ^ secondHalf ^ (!odd && below);
            }
            case COSINE -> {
                evaluate(odd, result);
                yield odd != secondHalf ^ (odd && below);
            }
            case TANGENT -> {
                evaluate(!odd, result);
                evaluate(odd, other);
                result.divide(other);
                yield a.negative ^ odd ^ below;
            }
        };
    }

    /** The sine or the cosine of the reduced angle. */
    private void evaluate(boolean sineOfIt, Precise to) {
        if (sineOfIt) {
            sine.evaluate(square, to);
            to.multiply(angle);
        } else {
            cosine.evaluate(square, to);
        }
    }

    /** Brings an angle's magnitude to at most a quarter of pi, and counts the quadrants. */
    private void reduce(Unpacked a) {
        quadrant = 0;
        below = false;
        angle.set(a);
        if (a.exponent < -1) {
            return;
        }
        // In units of 2^-65: the significand, shifted by at most 64.
        int shift = a.exponent + 2;
        int count = 0;
        wide.set(0, a.significand);
        for (int n = 0; n <= shift; n++) {
            if (n > 0) {
                wide.shiftLeft(1);
                count <<= 1;
            }
            while (wide.compareTo(PI_HIGH, PI_LOW) >= 0) {
                wide.subtract(PI_HIGH, PI_LOW);
                count++;
            }
        }
        quadrant = count & 3;
        // Beyond the middle it is nearer to the next multiple.
        long restHigh = wide.high;
        long restLow = wide.low;
        wide.set(PI_HIGH, PI_LOW);
        wide.subtract(restHigh, restLow);
        if (wide.compareTo(restHigh, restLow) < 0) {
            quadrant = quadrant + 1 & 3;
            below = true;
        } else {
            wide.set(restHigh, restLow);
        }
        angle.normalized(wide.high, wide.low, 127 - UNIT);
    }

    /** The magnitude of the angle of a point; the abscissa is not zero on the positive side where the ordinate is. */
    Precise arcTangent(Unpacked y, Unpacked x) {
        boolean flat = y.kind == Kind.ZERO || (x.kind == Kind.INFINITE && y.kind == Kind.FINITE);
        boolean steep = x.kind == Kind.ZERO || (y.kind == Kind.INFINITE && x.kind == Kind.FINITE);
        if (flat) {
            result.set(PI);
            return result;
        }
        if (steep) {
            result.set(HALF_PI);
            return result;
        }
        if (x.kind == Kind.INFINITE) {
            result.set(QUARTER_PI);
        } else {
            boolean high = Unpacked.compareMagnitudes(y, x) > 0;
            ofRatio(high ? x : y, high ? y : x);
            if (high) {
                other.set(HALF_PI);
                other.subtract(result);
                result.set(other);
            }
        }
        if (x.negative) {
            other.set(PI);
            other.subtract(result);
            result.set(other);
        }
        return result;
    }

    /** The arc tangent of a ratio of at most one: that of the nearest sixteenth, and of what is left. */
    private void ofRatio(Unpacked numerator, Unpacked denominator) {
        int distance = numerator.exponent - denominator.exponent;
        double ratio = distance < -8 ? 0 : Math.scalb(top(numerator) / top(denominator), distance);
        int sixteenth = (int) Math.rint(16 * ratio);
        angle.set(numerator);
        square.set(denominator);
        boolean less = false;
        if (sixteenth > 0) {
            // (n/d - k/16) / (1 + n/d * k/16) = (16 n - k d) / (16 d + k n)
            angle.multiply(sixteenth);
            square.multiply(16);
            square.add(angle);
            angle.set(numerator);
            angle.multiply(16);
            other.set(denominator);
            other.multiply(sixteenth);
            less = angle.compareTo(other) < 0;
            if (less) {
                result.set(angle);
                angle.set(other);
                other.set(result);
            }
            angle.subtract(other);
        }
        if (angle.isZero()) {
            result.set(TABLE[sixteenth]);
            return;
        }
        angle.divide(square);
        square.set(angle);
        square.multiply(angle);
        arcTangent.evaluate(square, result);
        result.multiply(angle);
        if (less) {
            other.set(TABLE[sixteenth]);
            other.subtract(result);
            result.set(other);
        } else if (sixteenth > 0) {
            result.add(TABLE[sixteenth]);
        }
    }

    private static double top(Unpacked a) {
        return (a.significand >>> 11) * 0x1p-52;
    }

    private static Precise[] table() {
        Precise[] table = new Precise[17];
        for (int k = 1; k <= 8; k++) {
            table[k] = new Precise(inverseTangent(k, 16), BITS);
        }
        for (int k = 9; k <= 16; k++) {
            BigInteger rest = k == 16 ? BigInteger.ZERO : inverseTangent(16 - k, 16 + k);
            table[k] = new Precise(TRUE_PI.shiftRight(2).subtract(rest), BITS);
        }
        return table;
    }

    /** Pi, by Machin's formula. */
    private static BigInteger machin() {
        BigInteger fifth = inverseTangent(1, 5).shiftLeft(2);
        return fifth.subtract(inverseTangent(1, 239)).shiftLeft(2);
    }

    /** The arc tangent of a fraction, by its series. */
    private static BigInteger inverseTangent(int numerator, int denominator) {
        BigInteger square = BigInteger.valueOf((long) numerator * numerator);
        BigInteger divisor = BigInteger.valueOf((long) denominator * denominator);
        BigInteger power = BigInteger.ONE
                .shiftLeft(BITS)
                .multiply(BigInteger.valueOf(numerator))
                .divide(BigInteger.valueOf(denominator));
        BigInteger sum = BigInteger.ZERO;
        for (int n = 0; power.signum() != 0; n++) {
            BigInteger term = power.divide(BigInteger.valueOf(2L * n + 1));
            sum = (n & 1) == 0 ? sum.add(term) : sum.subtract(term);
            power = power.multiply(square).divide(divisor);
        }
        return sum;
    }
}
