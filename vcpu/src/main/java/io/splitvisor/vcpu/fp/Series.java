// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.fp;

import java.math.BigInteger;
import java.util.function.IntFunction;

/** A power series whose first coefficient is one, to 127 bits. */
final class Series {
    private static final BigInteger ONE = BigInteger.ONE.shiftLeft(127);

    private final long[] high;
    private final long[] low;
    private final boolean alternating;
    private final Wide wide = new Wide();

    /**
     * A series.
     *
     * @param terms how many
     * @param divisor of the n-th term
     * @param alternating whether every other term is subtracted
     */
    Series(int terms, IntFunction<BigInteger> divisor, boolean alternating) {
        this.high = new long[terms];
        this.low = new long[terms];
        this.alternating = alternating;
        for (int n = 0; n < terms; n++) {
            BigInteger coefficient = ONE.divide(divisor.apply(n));
            high[n] = coefficient.shiftRight(64).longValue();
            low[n] = coefficient.longValue();
        }
    }

    private Series(Series same, boolean alternating) {
        this.high = same.high;
        this.low = same.low;
        this.alternating = alternating;
    }

    /** The same series at the negative argument. */
    Series alternated() {
        return new Series(this, !alternating);
    }

    static BigInteger factorial(int n) {
        BigInteger product = BigInteger.ONE;
        for (int k = 2; k <= n; k++) {
            product = product.multiply(BigInteger.valueOf(k));
        }
        return product;
    }

    /** Its value at a number between zero and one, which is not zero: the result is not one either. */
    void evaluate(Precise x, Precise result) {
        Wide fixed = x.fixed();
        long xHigh = fixed.high;
        long xLow = fixed.low;
        int last = high.length - 1;
        long sumHigh = high[last];
        long sumLow = low[last];
        for (int n = last - 1; n >= 0; n--) {
            long termHigh = productHigh(sumHigh, sumLow, xHigh, xLow, wide);
            long termLow = wide.low;
            if (n == 0 && (termHigh | termLow) == 0) {
                termLow = 1;
            }
            wide.set(high[n], low[n]);
            if (alternating) {
                wide.subtract(termHigh, termLow);
            } else {
                wide.add(termHigh, termLow);
            }
            sumHigh = wide.high;
            sumLow = wide.low;
        }
        result.normalized(sumHigh, sumLow, 0);
    }

    /** The upper half of a product of 128 bits each, chopped a little: its own lower half is left in {@code wide}. */
    static long productHigh(long aHigh, long aLow, long bHigh, long bLow, Wide wide) {
        long crossHigh = Math.unsignedMultiplyHigh(aHigh, bLow);
        long otherHigh = Math.unsignedMultiplyHigh(aLow, bHigh);
        long crossLow = aHigh * bLow;
        long otherLow = aLow * bHigh;
        long carry = Long.compareUnsigned(crossLow + otherLow, crossLow) < 0 ? 1 : 0;
        wide.product(aHigh, bHigh);
        wide.add(0, crossHigh);
        wide.add(0, otherHigh);
        wide.add(0, carry);
        return wide.high;
    }
}
