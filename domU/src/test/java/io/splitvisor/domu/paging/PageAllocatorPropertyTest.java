// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.domu.paging;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PageAllocatorPropertyTest {
    private record Block(int frame, int order) {}

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void shouldHandOutAlignedBlocksToOneOwnerAndJoinThemAgain(long seed) {
        Random random = new Random(seed);
        int first = random.nextInt(3000);
        int count = 1 + random.nextInt(5000);
        PageAllocator allocator = new PageAllocator(first, count);
        assertThat(allocator.free()).isEqualTo(count);
        List<Block> owned = new ArrayList<>();
        BitSet taken = new BitSet();
        for (int step = 0; step < 4000; step++) {
            if (random.nextInt(100) < 55) {
                int order = random.nextInt(random.nextInt(10) == 0 ? 10 : 3);
                int frame = allocator.allocate(order);
                if (frame == PageAllocator.NONE) {
                    assertThat(hasRoom(taken, first, count, order)).isFalse();
                    continue;
                }
                assertThat(frame % (1 << order)).isZero();
                assertThat(frame).isGreaterThanOrEqualTo(first);
                assertThat(frame + (1 << order)).isLessThanOrEqualTo(first + count);
                assertThat(taken.get(frame, frame + (1 << order)).isEmpty()).isTrue();
                taken.set(frame, frame + (1 << order));
                owned.add(new Block(frame, order));
            } else if (!owned.isEmpty()) {
                Block block = owned.remove(random.nextInt(owned.size()));
                allocator.release(block.frame);
                taken.clear(block.frame, block.frame + (1 << block.order));
            }
            assertThat(allocator.free()).isEqualTo(count - taken.cardinality());
        }
        owned.forEach(block -> allocator.release(block.frame));
        assertThat(allocator.free()).isEqualTo(count);
    }

    /** What is free in one aligned piece is always found, for buddies are joined at once. */
    private static boolean hasRoom(BitSet taken, int first, int count, int order) {
        int size = 1 << order;
        for (int frame = (first + size - 1) / size * size; frame + size <= first + count; frame += size) {
            if (taken.get(frame, frame + size).isEmpty()) {
                return true;
            }
        }
        return false;
    }

    @Test
    void shouldKeepABlockUntilItsLastUserIsGone() {
        PageAllocator allocator = new PageAllocator(16, 16);
        int frame = allocator.allocate(2);
        allocator.share(frame);
        assertThat(allocator.users(frame)).isEqualTo(2);
        allocator.release(frame);
        assertThat(allocator.free()).isEqualTo(12);
        allocator.release(frame);
        assertThat(allocator.free()).isEqualTo(16);
    }

    @Test
    void shouldRefuseWhatIsNoBlock() {
        PageAllocator allocator = new PageAllocator(16, 16);
        int frame = allocator.allocate(2);
        assertThatIllegalArgumentException().isThrownBy(() -> allocator.release(frame + 1));
        assertThatIllegalArgumentException().isThrownBy(() -> allocator.release(3));
        allocator.release(frame);
        assertThatIllegalArgumentException().isThrownBy(() -> allocator.release(frame));
        assertThatIllegalArgumentException().isThrownBy(() -> allocator.share(frame));
    }
}
