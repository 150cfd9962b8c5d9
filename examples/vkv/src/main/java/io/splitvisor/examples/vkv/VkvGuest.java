// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.examples.vkv;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.splitvisor.domu.Guest;
import io.splitvisor.domu.GuestDomain;
import java.util.Arrays;
import java.util.Locale;
import java.util.Random;

/**
 * The load profile: {@code extra = "SECONDS BATCH VALUE KEYS"}, how long each part takes, operations in a batch, bytes of a
 * value, how many keys. Puts, then gets, then half of each; prints operations a second and how long a batch took.
 */
public final class VkvGuest implements Guest {
    private static final int MOST_SAMPLES = 1 << 20;

    private final int[] profile = {3, 16, 100, 100_000};

    @Override
    public void run(GuestDomain domain) {
        for (int i = 0; i < domain.arguments().size() && i < profile.length; i++) {
            profile[i] = Integer.parseInt(domain.arguments().get(i));
        }
        try (VkvFrontend store = new VkvFrontend(domain.frontends(), 0)) {
            measure(store, "puts", 0);
            measure(store, "gets", 100);
            measure(store, "half", 50);
            store.sync();
        }
    }

    private void measure(VkvFrontend store, String name, int percentOfGets) {
        Random random = new Random(1);
        byte[] value = new byte[profile[2]];
        long[] samples = new long[MOST_SAMPLES];
        int count = 0;
        long start = System.nanoTime();
        long before = start;
        try (VkvBatch batch = store.newBatch()) {
            while (before - start < profile[0] * 1_000_000_000L && count < samples.length) {
                for (int i = 0; i < profile[1]; i++) {
                    byte[] key = "key%08d".formatted(random.nextInt(profile[3])).getBytes(US_ASCII);
                    if (random.nextInt(100) < percentOfGets) {
                        batch.get(key);
                    } else {
                        batch.put(key, value);
                    }
                }
                batch.run();
                long now = System.nanoTime();
                samples[count++] = now - before;
                before = now;
            }
        }
        Arrays.sort(samples, 0, count);
        System.out.printf(
                Locale.ROOT,
                "vkv: %s: %.0f operations a second in batches of %d; a batch takes p50 %.1f, p99 %.1f microseconds%n",
                name,
                (double) count * profile[1] / ((before - start) / 1e9),
                profile[1],
                samples[count / 2] / 1e3,
                samples[(int) (count * 0.99)] / 1e3);
    }
}
