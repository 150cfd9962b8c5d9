// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.stress.paging;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.abi.paging.PagingCounter;
import io.splitvisor.abi.paging.PagingMode;
import io.splitvisor.domu.paging.AddressSpace;
import io.splitvisor.domu.paging.MmuReport;
import io.splitvisor.domu.paging.Processor;
import io.splitvisor.domu.paging.Protection;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** What memory costs in traps, hypercalls and references, exactly. */
class PagingCostTest {
    private static final long BASE = 0x10_0000_0000L;
    private static final int PAGE = 4096;
    private static final int PAGES = 256;
    private static final int FRAMES = 4096;

    private static PagedGuest guest(PagingMode mode) {
        return new PagedGuest(mode, 1, FRAMES, 1);
    }

    private static void touch(Processor cpu) {
        for (int page = 0; page < PAGES; page++) {
            cpu.putLong(BASE + (long) page * PAGE, page);
        }
    }

    @ParameterizedTest
    @EnumSource
    void shouldNotTrapInSteadyState(PagingMode mode) {
        try (PagedGuest guest = guest(mode)) {
            Processor cpu = guest.spaces.processor(0);
            AddressSpace space = guest.spaces.create(cpu);
            cpu.enter(space);
            space.map(cpu, BASE, PAGES * PAGE, Protection.READ_WRITE);
            touch(cpu);
            touch(cpu);
            long before = guest.spaces.requests();
            for (int i = 0; i < 100; i++) {
                touch(cpu);
            }
            assertThat(guest.spaces.requests()).isEqualTo(before);
        }
    }

    /** The monitor's extended tables map RAM in pages of 2 MiB: five walks of three entries, and four of the guest's. */
    @ParameterizedTest
    @CsvSource({"NONE,4", "SHADOW,4", "REGISTERED,4", "EPT,19"})
    void shouldCostSoManyReferencesAMiss(PagingMode mode, int references) {
        try (PagedGuest guest = guest(mode)) {
            Processor cpu = guest.spaces.processor(0);
            AddressSpace space = guest.spaces.create(cpu);
            cpu.enter(space);
            space.map(cpu, BASE, PAGES * PAGE, Protection.READ_WRITE);
            touch(cpu);
            touch(cpu);
            for (int page = 0; page < PAGES; page++) {
                cpu.invalidate(BASE + (long) page * PAGE);
            }
            cpu.getLong(BASE);
            MmuReport report = cpu.report();
            long walks = report.walks();
            long made = report.references();
            for (int page = 1; page < 100; page++) {
                cpu.getLong(BASE + (long) page * PAGE);
            }
            assertThat(report.walks() - walks).isGreaterThanOrEqualTo(99);
            assertThat((double) (report.references() - made) / (report.walks() - walks))
                    .isEqualTo(references);
        }
    }

    @Test
    void shouldMakeManyRegisteredUpdatesByOneSubmission() {
        try (PagedGuest guest = guest(PagingMode.REGISTERED)) {
            Processor cpu = guest.spaces.processor(0);
            AddressSpace space = guest.spaces.create(cpu);
            cpu.enter(space);
            space.map(cpu, BASE, PAGES * PAGE, Protection.READ_WRITE);
            cpu.putLong(BASE, 1);
            long calls = guest.counter(PagingCounter.MMU_UPDATE_CALLS);
            long updates = guest.counter(PagingCounter.MMU_UPDATES);
            space.populate(cpu, BASE, PAGES * PAGE);
            assertThat(guest.counter(PagingCounter.MMU_UPDATES) - updates).isEqualTo(PAGES - 1);
            assertThat(guest.counter(PagingCounter.MMU_UPDATE_CALLS) - calls).isOne();
            space.unmap(cpu, BASE, (PAGES - 1) * PAGE);
            assertThat(guest.counter(PagingCounter.MMU_UPDATE_CALLS) - calls).isEqualTo(2);
        }
    }

    @Test
    void shouldTrapOnceForATableThatIsChangedManyTimes() {
        long[] writes = new long[2];
        for (int i = 0; i < 2; i++) {
            try (PagedGuest guest = new PagedGuest(PagingMode.SHADOW, 1, 1, PagedGuest.options(FRAMES), i == 1)) {
                Processor cpu = guest.spaces.processor(0);
                AddressSpace space = guest.spaces.create(cpu);
                cpu.enter(space);
                space.map(cpu, BASE, PAGES * PAGE, Protection.READ_WRITE);
                touch(cpu);
                long before = guest.counter(PagingCounter.WRITES);
                AddressSpace child = space.fork(cpu);
                writes[i] = guest.counter(PagingCounter.WRITES) - before;
                child.destroy(cpu);
            }
        }
        assertThat(writes[0]).as("out of sync after the first").isLessThan(PAGES / 8);
        assertThat(writes[1]).as("each store traps").isGreaterThanOrEqualTo(PAGES);
    }

    @ParameterizedTest
    @EnumSource
    void shouldCostMemoryForTablesOnly(PagingMode mode) {
        try (PagedGuest guest = guest(mode)) {
            Processor cpu = guest.spaces.processor(0);
            AddressSpace space = guest.spaces.create(cpu);
            cpu.enter(space);
            space.map(cpu, BASE, PAGES * PAGE, Protection.READ_WRITE);
            touch(cpu);
            assertThat(guest.counter(PagingCounter.POOL_USED)).isLessThan(200);
            cpu.leave();
            space.destroy(cpu);
        }
    }
}
