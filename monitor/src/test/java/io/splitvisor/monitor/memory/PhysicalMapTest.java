// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.splitvisor.abi.paging.MonitorLayout;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PhysicalMapTest {
    private static final int RAM = 16;
    private static final int NAMED = 20;
    private static final int POPULATED = 8;
    private static final int SPECIAL = 17;

    private final List<Integer> released = new ArrayList<>();
    private final MonitorLayout layout = new MonitorLayout(NAMED, RAM, POPULATED, 0);
    private final MemorySegment published = MemorySegment.ofArray(new long[(int) layout.bytes() / 8]);
    private final PhysicalMap map = new PhysicalMap(layout, published, released::add);

    @Test
    void shouldBeTheIdentityAtFirstWithHolesAboveTheInitialSize() {
        for (int frame = 0; frame < 32; frame++) {
            boolean there = frame < POPULATED || (frame >= RAM && frame < NAMED);
            assertThat(map.machine(frame)).isEqualTo(there ? frame : PhysicalMap.NONE);
        }
        assertThat(map.allocated()).isEqualTo(POPULATED);
        assertThat(map.identity()).isEqualTo(POPULATED);
    }

    @ParameterizedTest
    @ValueSource(longs = {-1, 20, 1L << 28, 1L << 31, 1L << 32, 1L << 52, Long.MAX_VALUE, Long.MIN_VALUE})
    void h2_shouldAnswerFramesThatThereAreNot(long frame) {
        assertThat(map.machine(frame)).isEqualTo(PhysicalMap.NONE);
        assertThat(map.pin(frame)).isEqualTo(PhysicalMap.NONE);
        assertThat(map.remove(frame)).isFalse();
    }

    @Test
    void t9_shouldGiveAPageBackOnceAndTakeItAgain() {
        assertThat(map.remove(3)).isTrue();
        assertThat(map.remove(3)).isFalse();
        assertThat(released).containsExactly(3);
        assertThat(map.allocated()).isEqualTo(POPULATED - 1);
        assertThat(map.identity()).isEqualTo(3);
        assertThat(map.machine(3)).isEqualTo(PhysicalMap.NONE);
        assertThat(map.populate(3)).isTrue();
        assertThat(map.machine(3)).isEqualTo(3);
        assertThat(map.frame(3)).isEqualTo(3);
        assertThat(map.allocated()).isEqualTo(POPULATED);
    }

    @Test
    void t9_shouldHaveNoMorePagesThanItHas() {
        for (int frame = POPULATED; frame < RAM; frame++) {
            assertThat(map.populate(frame)).isTrue();
        }
        assertThat(map.allocated()).isEqualTo(RAM);
        assertThat(map.populate(30)).isFalse();
        assertThat(map.identity()).isEqualTo(RAM);
    }

    @Test
    void m18_shouldKeepAPinnedPageUntilItsLastPinIsGone() {
        assertThat(map.pin(5)).isEqualTo(5);
        assertThat(map.pin(5)).isEqualTo(5);
        assertThat(map.remove(5)).isTrue();
        assertThat(map.machine(5)).isEqualTo(PhysicalMap.NONE);
        assertThat(map.pin(5)).isEqualTo(PhysicalMap.NONE);
        assertThat(map.allocated()).isEqualTo(POPULATED);
        // The frame can be filled meanwhile, but not with the page that is in use.
        assertThat(map.populate(5)).isTrue();
        assertThat(map.machine(5)).isNotEqualTo(5);
        map.unpin(5);
        assertThat(released).isEmpty();
        assertThat(map.isPinned(5)).isTrue();
        map.unpin(5);
        assertThat(released).containsExactly(5);
        assertThat(map.allocated()).isEqualTo(POPULATED);
        assertThatThrownBy(() -> map.unpin(5)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void shouldMoveASpecialPageToAFrameOfTheGuestsChoice() {
        assertThat(map.remove(SPECIAL)).isTrue();
        assertThat(released).isEmpty();
        assertThat(map.frame(SPECIAL)).isEqualTo(PhysicalMap.NONE);
        assertThat(map.move(SPECIAL, 1L << 20)).isTrue();
        assertThat(map.machine(1L << 20)).isEqualTo(SPECIAL);
        assertThat(map.move(SPECIAL, 12)).isTrue();
        assertThat(map.machine(1L << 20)).isEqualTo(PhysicalMap.NONE);
        assertThat(map.machine(12)).isEqualTo(SPECIAL);
        assertThat(map.frame(SPECIAL)).isEqualTo(12);
    }

    @Test
    void shouldPublishBothMaps() {
        map.remove(3);
        map.populate(12);
        map.move(SPECIAL, 20);
        for (int frame = 0; frame < 32; frame++) {
            assertThat(layout.lookup(published, layout.p2mPage(), frame)).isEqualTo(map.machine(frame));
        }
        for (int machine = 0; machine < NAMED; machine++) {
            assertThat(layout.lookup(published, layout.m2pPage(), machine)).isEqualTo(map.frame(machine));
        }
        assertThat(layout.lookup(published, layout.p2mPage(), -1)).isEqualTo(MonitorLayout.NOTHING);
        assertThat(layout.lookup(published, layout.p2mPage(), 1L << 40)).isEqualTo(MonitorLayout.NOTHING);
    }

    @Test
    void shouldBoundWhatScatteredFramesCost() {
        int moved = 0;
        for (int i = 1; i < 2000 && map.move(SPECIAL, (long) i * SparseInts.CHUNK); i++) {
            moved++;
        }
        assertThat(moved).isEqualTo(256);
        assertThat(map.move(SPECIAL, 13)).isTrue();
    }

    @Test
    void m18_shouldNotLoseAPageWhilePinsAndRemovalsRace() throws InterruptedException {
        AtomicBoolean stop = new AtomicBoolean();
        AtomicLong changes = new AtomicLong();
        Thread remover = Thread.ofPlatform().start(() -> {
            while (!stop.get()) {
                map.remove(2);
                map.populate(2);
                changes.incrementAndGet();
            }
        });
        for (int pinned = 0; pinned < 100_000 || changes.get() < 10_000; ) {
            int machine = map.pin(2);
            if (machine != PhysicalMap.NONE) {
                assertThat(map.isPinned(machine)).isTrue();
                pinned++;
                map.unpin(machine);
            }
        }
        stop.set(true);
        remover.join();
        assertThat(map.allocated()).isEqualTo(POPULATED);
        assertThat(map.machine(2)).isNotEqualTo(PhysicalMap.NONE);
    }
}
