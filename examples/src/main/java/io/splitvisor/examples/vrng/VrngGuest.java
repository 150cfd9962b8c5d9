// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.examples.vrng;

import io.splitvisor.domu.Guest;
import io.splitvisor.domu.GuestDomain;
import java.util.Arrays;
import java.util.Locale;

/**
 * The load profile: {@code extra = "SECONDS BYTES DEPTH"}, how long, how many bytes each time, how many pages in flight.
 * Prints the rate and how long a fill took.
 */
public final class VrngGuest implements Guest {
    private static final int MOST_SAMPLES = 1 << 20;

    @Override
    public void run(GuestDomain domain) {
        int[] profile = {5, 4096, 1};
        for (int i = 0; i < domain.arguments().size() && i < profile.length; i++) {
            profile[i] = Integer.parseInt(domain.arguments().get(i));
        }
        try (VrngFrontend vrng = new VrngFrontend(domain.frontends(), 0, profile[2])) {
            measure(vrng, profile[0] * 1_000_000_000L, new byte[profile[1]]);
        }
    }

    private static void measure(VrngFrontend vrng, long nanos, byte[] bytes) {
        long[] samples = new long[MOST_SAMPLES];
        int count = 0;
        long start = System.nanoTime();
        long before = start;
        while (before - start < nanos && count < samples.length) {
            vrng.fill(bytes);
            long now = System.nanoTime();
            samples[count++] = now - before;
            before = now;
        }
        double perSecond = count / ((before - start) / 1e9);
        Arrays.sort(samples, 0, count);
        System.out.printf(
                Locale.ROOT,
                "vrng: fills: %.0f operations a second, %.2f MB/s, of %d bytes; one takes p50 %.1f, p99 %.1f microseconds%n",
                perSecond,
                perSecond * bytes.length / 1e6,
                bytes.length,
                samples[count / 2] / 1e3,
                samples[(int) (count * 0.99)] / 1e3);
    }
}
