// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.hypercall;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class LatencyHistogramTest {
    @Test
    void shouldKnowNothingAtFirst() {
        LatencyHistogram histogram = new LatencyHistogram();
        assertThat(histogram.total()).isZero();
        assertThat(histogram.max()).isZero();
        assertThat(histogram.percentile(0.99)).isZero();
    }

    @Test
    void shouldTellPercentilesToWithinAnEighth() {
        Random random = new Random(3);
        LatencyHistogram histogram = new LatencyHistogram();
        long[] values = new long[10_000];
        for (int i = 0; i < values.length; i++) {
            values[i] = random.nextLong(1L << 1 + random.nextInt(39));
            histogram.record(values[i]);
        }
        Arrays.sort(values);
        for (double part : new double[] {0, 0.01, 0.5, 0.9, 0.99, 0.999, 1}) {
            long exact = values[Math.max(0, (int) Math.ceil(part * values.length) - 1)];
            assertThat(histogram.percentile(part)).isBetween(exact, exact + exact / 8);
        }
        assertThat(histogram.max()).isEqualTo(values[values.length - 1]);
        assertThat(histogram.total()).isEqualTo(values.length);
    }

    @Test
    void shouldTakeAnyNumberOfNanoseconds() {
        LatencyHistogram histogram = new LatencyHistogram();
        histogram.record(-5);
        assertThat(histogram.percentile(1)).isZero();
        histogram.record(Long.MAX_VALUE);
        assertThat(histogram.percentile(1)).isEqualTo(Long.MAX_VALUE);
        assertThat(histogram.percentile(0.5)).isZero();
    }

    @Test
    void shouldAddUp() {
        LatencyHistogram one = new LatencyHistogram();
        LatencyHistogram other = new LatencyHistogram();
        one.record(3);
        other.record(5);
        other.record(1000);
        one.add(other);
        assertThat(one.total()).isEqualTo(3);
        assertThat(one.max()).isEqualTo(1000);
        assertThat(one.percentile(0.5)).isEqualTo(5);
        assertThat(other.total()).isEqualTo(2);
    }
}
