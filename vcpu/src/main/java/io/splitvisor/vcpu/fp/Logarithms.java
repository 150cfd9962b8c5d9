// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.fp;

import java.math.BigInteger;

/** Binary logarithms and powers. */
final class Logarithms {
    private static final int BITS = 192;
    private static final BigInteger NATURAL_OF_TWO = naturalOfTwo();
    private static final Precise LN_2 = new Precise(NATURAL_OF_TWO, BITS);
    /** Twice the binary logarithm of e. */
    private static final Precise TWICE_LOG2_E =
            new Precise(BigInteger.ONE.shiftLeft(2 * BITS + 1).divide(NATURAL_OF_TWO), BITS);

    /** The upper half of the root of two's significand. */
    private static final long ROOT_OF_TWO = 0xb504_f333_f9de_6484L;
    /** Below this, in magnitude, {@code 1 + x} lies between the roots of one half and of two. */
    private static final int NEAR_ONE = -2;

    private final Series inverseHyperbolic = new Series(26, n -> BigInteger.valueOf(2 * n + 1), false);
    private final Series exponential = new Series(34, n -> Series.factorial(n + 1), false);
    private final Series decay = exponential.alternated();

    final Precise scratch = new Precise();
    private final Precise result = new Precise();
    private final Precise one = new Precise();
    private final Precise ratio = new Precise();
    private final Precise square = new Precise();

    /** The magnitude of {@code 2^x - 1}, for a magnitude of x below one. */
    Precise powerMinusOne(Unpacked x) {
        ratio.set(x);
        ratio.multiply(LN_2);
        (x.negative ? decay : exponential).evaluate(ratio, result);
        result.multiply(ratio);
        return result;
    }

    /** The magnitude of the logarithm of a positive number other than one. */
    Precise binary(Unpacked x) {
        scratch.set(x);
        return ofScratch();
    }

    /** The magnitude of the logarithm of {@code 1 + x}, for x above -1 and other than zero. */
    Precise binaryOfOnePlus(Unpacked x) {
        one.one();
        scratch.set(x);
        if (x.exponent < NEAR_ONE) {
            // x / (2 + x)
            ratio.set(x);
            one.exponent = 1;
            if (x.negative) {
                one.subtract(scratch);
            } else {
                one.add(scratch);
            }
            ratio.divide(one);
            return ofRatio();
        }
        if (x.negative) {
            one.subtract(scratch);
            scratch.set(one);
        } else {
            scratch.add(one);
        }
        return ofScratch();
    }

    /** Of a number m * 2^e with m between the roots of one half and of two: e plus what is near one. */
    private Precise ofScratch() {
        int e = scratch.exponent;
        boolean large = Long.compareUnsigned(scratch.high, ROOT_OF_TWO) > 0;
        if (large) {
            e++;
        }
        scratch.exponent = large ? -1 : 0;
        // (m - 1) / (m + 1)
        one.one();
        if (large) {
            ratio.set(one);
            ratio.subtract(scratch);
        } else {
            ratio.set(scratch);
            ratio.subtract(one);
        }
        if (ratio.isZero()) {
            result.normalized(Math.abs((long) e), 0, 63);
            return result;
        }
        one.add(scratch);
        ratio.divide(one);
        ofRatio();
        if (e != 0) {
            one.normalized(Math.abs((long) e), 0, 63);
            if (e > 0 == large) {
                one.subtract(result);
            } else {
                one.add(result);
            }
            result.set(one);
        }
        return result;
    }

    /** Of {@code (1 + ratio) / (1 - ratio)}. */
    private Precise ofRatio() {
        square.set(ratio);
        square.multiply(ratio);
        inverseHyperbolic.evaluate(square, result);
        result.multiply(ratio);
        result.multiply(TWICE_LOG2_E);
        return result;
    }

    /** Twice the inverse hyperbolic tangent of one third. */
    private static BigInteger naturalOfTwo() {
        BigInteger power = BigInteger.ONE.shiftLeft(BITS + 1).divide(BigInteger.valueOf(3));
        BigInteger sum = BigInteger.ZERO;
        for (int n = 0; power.signum() != 0; n++) {
            sum = sum.add(power.divide(BigInteger.valueOf(2L * n + 1)));
            power = power.divide(BigInteger.valueOf(9));
        }
        return sum;
    }
}
