// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.domu.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FrameAllocatorPropertyTest {
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void shouldHandOutEveryFrameToOneOwnerAtATime(long seed) {
        Random random = new Random(seed);
        int frames = 2 + random.nextInt(700);
        FrameAllocator allocator = new FrameAllocator(frames);
        BitSet owned = new BitSet();
        BitSet everOwned = new BitSet();
        owned.set(0);
        Map<Integer, Integer> runs = new HashMap<>();
        for (int step = 0; step < 2000; step++) {
            if (random.nextInt(100) < 55) {
                int count = 1 + random.nextInt(random.nextInt(10) == 0 ? 70 : 4);
                long answer = allocator.allocate(count);
                if (answer == FrameAllocator.NONE) {
                    assertThat(hasRun(owned, frames, count))
                            .as("room for %d", count)
                            .isFalse();
                    continue;
                }
                int first = (int) answer;
                assertThat(first).isPositive();
                assertThat(first + count).isLessThanOrEqualTo(frames);
                assertThat(owned.get(first, first + count).isEmpty()).isTrue();
                assertThat(FrameAllocator.isUsed(answer))
                        .isEqualTo(!everOwned.get(first, first + count).isEmpty());
                owned.set(first, first + count);
                everOwned.set(first, first + count);
                runs.put(first, count);
            } else if (!runs.isEmpty()) {
                int first = runs.keySet().iterator().next();
                int count = runs.remove(first);
                allocator.free(first, count);
                owned.clear(first, first + count);
            }
            assertThat(allocator.free()).isEqualTo(frames - owned.cardinality());
        }
    }

    private static boolean hasRun(BitSet owned, int frames, int count) {
        for (int at = owned.nextClearBit(0); at < frames; ) {
            int end = owned.nextSetBit(at);
            int length = (end < 0 ? frames : end) - at;
            if (length >= count) {
                return true;
            }
            if (end < 0) {
                return false;
            }
            at = owned.nextClearBit(end);
        }
        return false;
    }

    @Test
    void shouldRefuseToFreeWhatIsNotAllocated() {
        FrameAllocator allocator = new FrameAllocator(100);
        int frame = (int) allocator.allocate(2);
        assertThatIllegalArgumentException().isThrownBy(() -> allocator.free(frame, 3));
        assertThatIllegalArgumentException().isThrownBy(() -> allocator.free(0, 1));
        assertThatIllegalArgumentException().isThrownBy(() -> allocator.free(99, 2));
        assertThatIllegalArgumentException().isThrownBy(() -> allocator.free(frame, -1));
        allocator.free(frame, 2);
        assertThatIllegalArgumentException().isThrownBy(() -> allocator.free(frame, 1));
        assertThat(allocator.free()).isEqualTo(99);
    }
}
