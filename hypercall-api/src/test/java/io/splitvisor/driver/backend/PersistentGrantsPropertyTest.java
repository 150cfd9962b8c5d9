// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.backend;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Against a model: which mapping goes is the one that nobody has used for the longest time, and never one in use. */
class PersistentGrantsPropertyTest {
    /** What is kept: entry, handle and users by reference; those that nobody uses, oldest first. */
    private static final class Model {
        private final Map<Integer, int[]> kept = new HashMap<>();
        private final LinkedHashSet<Integer> unused = new LinkedHashSet<>();
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "2, 2", "3, 7", "4, 16", "5, 64", "6, 1056"})
    void b13_shouldLetGoOfWhatWasNotUsedForTheLongestTime(long seed, int capacity) {
        Random random = new Random(seed);
        PersistentGrants grants = new PersistentGrants(capacity);
        Model model = new Model();
        List<Integer> held = new ArrayList<>();
        int evictions = 0;
        for (int step = 0; step < 20_000; step++) {
            int ref = random.nextInt(capacity * 3 + 1);
            if (!held.isEmpty() && random.nextInt(100) < 48) {
                release(grants, model, held.remove(random.nextInt(held.size())));
            } else if (model.kept.containsKey(ref)) {
                assertThat(grants.acquire(ref)).isEqualTo(model.kept.get(ref)[0]);
                model.kept.get(ref)[2]++;
                model.unused.remove(ref);
                held.add(ref);
            } else {
                assertThat(grants.acquire(ref)).isEqualTo(PersistentGrants.NONE);
                evictions += evictIfFull(grants, model);
                int entry = grants.add(ref, step);
                assertThat(entry == PersistentGrants.NONE).isEqualTo(model.kept.size() == capacity);
                if (entry != PersistentGrants.NONE) {
                    model.kept.put(ref, new int[] {entry, step, 1});
                    held.add(ref);
                }
            }
            assertThat(grants.size()).isEqualTo(model.kept.size());
            assertThat(grants.isFull()).isEqualTo(model.kept.size() == capacity);
        }
        assertThat(evictions).isGreaterThan(100);
    }

    private static void release(PersistentGrants grants, Model model, int ref) {
        int[] kept = model.kept.get(ref);
        assertThat(grants.handle(kept[0])).isEqualTo(kept[1]);
        grants.release(kept[0]);
        if (--kept[2] == 0) {
            model.unused.add(ref);
        }
    }

    private static int evictIfFull(PersistentGrants grants, Model model) {
        if (!grants.isFull()) {
            return 0;
        }
        int handle = grants.evict();
        if (model.unused.isEmpty()) {
            assertThat(handle).isEqualTo(PersistentGrants.NONE);
            return 0;
        }
        int oldest = model.unused.removeFirst();
        assertThat(handle).isEqualTo(model.kept.remove(oldest)[1]);
        return 1;
    }
}
