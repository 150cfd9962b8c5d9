// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.x86.memory;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Random mappings against a list of pages. */
class AddressSpacePropertyTest {
    private static final long SEED = Long.getLong("x86.seed", 20261122);
    private static final int STEPS = 4000;
    private static final int FIRST = (int) (AddressSpace.LOWEST / AddressSpace.PAGE);
    private static final int PAGES = 512;
    private static final int NONE = -1;

    private final SplittableRandom random = new SplittableRandom(SEED);

    /** Rights of each page; {@link #NONE} where nothing is mapped. */
    private final int[] rights = new int[PAGES];

    /** What is in each page. */
    private final long[] content = new long[PAGES];

    @Test
    void shouldDoWhatAListOfPagesDoes() {
        java.util.Arrays.fill(rights, NONE);
        try (AddressSpace space = new AddressSpace(PAGES * AddressSpace.PAGE)) {
            for (int step = 0; step < STEPS; step++) {
                int from = random.nextInt(FIRST, PAGES);
                int count = random.nextInt(1, Math.min(40, PAGES - from) + 1);
                step(space, from, count);
                if (step % 64 == 0) {
                    check(space);
                }
            }
            check(space);
            try (AddressSpace copy = space.fork()) {
                check(copy);
                space.clear();
                check(copy);
            }
            assertThat(space.areas()).isEmpty();
        }
    }

    private void step(AddressSpace space, int from, int count) {
        long start = from * AddressSpace.PAGE;
        long size = count * AddressSpace.PAGE;
        switch (random.nextInt(6)) {
            case 0, 1 -> {
                int given = random.nextInt(8);
                space.map(start, size, given);
                fill(from, count, given);
            }
            case 2 -> {
                space.unmap(start, size);
                fill(from, count, NONE);
            }
            case 3 -> {
                int given = random.nextInt(8);
                boolean mapped = isMapped(from, count);
                assertThat(space.protect(start, size, given)).isEqualTo(mapped);
                if (mapped) {
                    java.util.Arrays.fill(rights, from, from + count, given);
                }
            }
            case 4 -> {
                space.discard(start, size);
                for (int page = from; page < from + count; page++) {
                    content[page] = 0;
                }
            }
            default -> {
                if (rights[from] != NONE) {
                    content[from] = random.nextLong();
                    space.bytes().set(ValueLayout.JAVA_LONG, start + 8, content[from]);
                }
            }
        }
    }

    private void fill(int from, int count, int given) {
        java.util.Arrays.fill(rights, from, from + count, given);
        java.util.Arrays.fill(content, from, from + count, 0);
    }

    private boolean isMapped(int from, int count) {
        return java.util.Arrays.stream(rights, from, from + count).noneMatch(r -> r == NONE);
    }

    private boolean isFree(int from, int count) {
        return java.util.Arrays.stream(rights, from, from + count).allMatch(r -> r == NONE);
    }

    private void check(AddressSpace space) {
        for (int page = FIRST; page < PAGES; page++) {
            long at = page * AddressSpace.PAGE;
            boolean present = rights[page] > 0;
            assertThat(space.allows(at, 1, AddressSpace.READ))
                    .as("page %d", page)
                    .isEqualTo(present);
            assertThat(space.allows(at, 1, AddressSpace.WRITE))
                    .as("page %d", page)
                    .isEqualTo(present && (rights[page] & AddressSpace.WRITE) != 0);
            assertThat(space.bytes().get(ValueLayout.JAVA_LONG, at + 8))
                    .as("page %d", page)
                    .isEqualTo(content[page]);
        }
        int from = random.nextInt(FIRST, PAGES - 8);
        long start = from * AddressSpace.PAGE;
        long size = 8 * AddressSpace.PAGE;
        assertThat(space.isMapped(start, start + size)).isEqualTo(isMapped(from, 8));
        assertThat(space.isFree(start, size)).isEqualTo(isFree(from, 8));
        long found = space.find(size, PAGES * AddressSpace.PAGE);
        if (found >= 0) {
            assertThat(isFree((int) (found / AddressSpace.PAGE), 8)).isTrue();
        } else {
            for (int page = FIRST; page <= PAGES - 8; page++) {
                assertThat(isFree(page, 8)).as("page %d", page).isFalse();
            }
        }
    }

    @Test
    void shouldNotAllowWhatLiesOutside() {
        try (AddressSpace space = new AddressSpace(PAGES * AddressSpace.PAGE)) {
            long limit = space.limit();
            space.map(limit - AddressSpace.PAGE, AddressSpace.PAGE, AddressSpace.READ | AddressSpace.WRITE);
            assertThat(space.allows(limit - 8, 8, AddressSpace.WRITE)).isTrue();
            assertThat(space.allows(limit - 8, 9, AddressSpace.READ)).isFalse();
            assertThat(space.allows(limit, 1, AddressSpace.READ)).isFalse();
            assertThat(space.allows(-8, 16, AddressSpace.READ)).isFalse();
            assertThat(space.allows(limit - 8, Long.MAX_VALUE, AddressSpace.READ))
                    .isFalse();
            assertThat(space.allows(limit - 8, -1, AddressSpace.READ)).isFalse();
            assertThat(space.isFree(0, AddressSpace.PAGE)).isFalse();
            assertThat(space.find(limit, limit)).isEqualTo(-1);
        }
    }
}
