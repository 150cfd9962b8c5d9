// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.examples.vkv;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/**
 * A load for a key-value store, whoever carries it out: puts, then gets, then half of each, in batches. Prints for each how many
 * operations a second there were, how many bytes of values, and how long a batch took.
 *
 * @param seconds how long each part takes
 * @param batch operations in a batch
 * @param valueBytes of a value
 * @param keys how many there are
 */
record LoadProfile(int seconds, int batch, int valueBytes, int keys) {
    private static final int MOST_SAMPLES = 1 << 20;

    /** Who carries it out. */
    interface Store {
        void get(byte[] key);

        void put(byte[] key, byte[] value);

        /** Does what was put and asked for since the last time, and waits for it. */
        void run();
    }

    /** {@code SECONDS BATCH VALUE KEYS}, or less of it. */
    static LoadProfile of(List<String> words) {
        int[] numbers = {3, 16, 100, 100_000};
        for (int i = 0; i < words.size() && i < numbers.length; i++) {
            numbers[i] = Integer.parseInt(words.get(i));
        }
        return new LoadProfile(numbers[0], numbers[1], numbers[2], numbers[3]);
    }

    void run(String who, Store store) {
        measure(who + ": puts", store, 0);
        measure(who + ": gets", store, 100);
        measure(who + ": half", store, 50);
    }

    private void measure(String name, Store store, int percentOfGets) {
        Random random = new Random(1);
        byte[] value = new byte[valueBytes];
        long[] samples = new long[MOST_SAMPLES];
        int count = 0;
        long start = System.nanoTime();
        long before = start;
        while (before - start < seconds * 1_000_000_000L && count < samples.length) {
            for (int i = 0; i < batch; i++) {
                byte[] key = key(random.nextInt(keys));
                if (random.nextInt(100) < percentOfGets) {
                    store.get(key);
                } else {
                    store.put(key, value);
                }
            }
            store.run();
            long now = System.nanoTime();
            samples[count++] = now - before;
            before = now;
        }
        Arrays.sort(samples, 0, count);
        double perSecond = (double) count * batch / ((before - start) / 1e9);
        System.out.printf(
                Locale.ROOT,
                "%s: %.0f operations a second, %.2f MB/s, in batches of %d; one takes p50 %.1f, p99 %.1f microseconds%n",
                name,
                perSecond,
                perSecond * valueBytes / 1e6,
                batch,
                samples[count / 2] / 1e3,
                samples[(int) (count * 0.99)] / 1e3);
    }

    /** {@code key} and eight digits. */
    private static byte[] key(int number) {
        byte[] key = "key00000000".getBytes(US_ASCII);
        int rest = number;
        for (int at = key.length - 1; rest > 0; at--) {
            key[at] = (byte) ('0' + rest % 10);
            rest /= 10;
        }
        return key;
    }
}
