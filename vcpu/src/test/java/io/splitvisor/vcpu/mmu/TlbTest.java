// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.mmu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

/** What stays in the TLB, and what does not, seen by whether a change of the tables shows. */
class TlbTest {
    private static final long SMALL = 0x40_0000_0000L;
    private static final long GLOBAL = 0x40_0000_1000L;
    private static final long LARGE = 0x40_4000_0000L;
    private static final long HUGE = 0x40_8000_0000L;

    private final MemorySegment ram = Tables.pages(4096);
    private final Tables tables = new Tables(Tables.pages(64), 0x1000);
    private final RegisteredPaging paging = new RegisteredPaging(tables, ram);
    private final Mmu mmu = new Mmu(GuestMemory.flat(ram), paging, MmuEvents.NONE);

    TlbTest() {
        mmu.controls(Tables.LONG_MODE);
        for (long page = 0; page < ram.byteSize(); page += 4096) {
            ram.set(java.lang.foreign.ValueLayout.JAVA_LONG, page, page);
        }
        tables.map(SMALL, 1, 0x10_0000 | Tables.LEAF, Tables.LEAD_ON);
        tables.map(GLOBAL, 1, 0x11_0000 | Tables.LEAF | LongWalk.G, Tables.LEAD_ON);
        tables.map(LARGE, 2, 0x20_0000 | Tables.LEAF | LongWalk.PS, Tables.LEAD_ON);
        tables.map(HUGE, 3, Tables.LEAF | LongWalk.PS, Tables.LEAD_ON);
        touchAll();
    }

    private void touchAll() {
        assertThat(mmu.load64(SMALL)).isEqualTo(0x10_0000);
        assertThat(mmu.load64(GLOBAL)).isEqualTo(0x11_0000);
        assertThat(mmu.load64(LARGE + 0x3000)).isEqualTo(0x20_3000);
        assertThat(mmu.load64(LARGE + 0x1f_f000)).isEqualTo(0x3f_f000);
        assertThat(mmu.load64(HUGE + 0x50_0000)).isEqualTo(0x50_0000);
    }

    private long walksOf(Runnable accesses) {
        long before = paging.walks();
        accesses.run();
        return paging.walks() - before;
    }

    @Test
    void shouldHoldEverythingOnceTouched() {
        assertThat(walksOf(this::touchAll)).isZero();
    }

    @Test
    void shouldForgetOnePageAndNoOther() {
        mmu.invalidate(SMALL + 123);
        assertThat(walksOf(this::touchAll)).isOne();
    }

    @Test
    void shouldForgetAllPiecesOfALargePageAndNothingElse() {
        mmu.invalidate(LARGE + 0x7000);
        tables.map(LARGE, 2, 0x40_0000 | Tables.LEAF | LongWalk.PS, Tables.LEAD_ON);
        assertThat(mmu.load64(LARGE + 0x3000)).isEqualTo(0x40_3000);
        assertThat(mmu.load64(LARGE + 0x1f_f000)).isEqualTo(0x5f_f000);
        assertThat(walksOf(() -> mmu.load64(SMALL))).isZero();
        assertThat(walksOf(() -> mmu.load64(HUGE + 0x50_0000))).isZero();
    }

    @Test
    void shouldForgetAllPiecesOfAHugePage() {
        mmu.invalidate(HUGE + (1 << 29));
        tables.map(HUGE, 3, 0, Tables.LEAD_ON);
        assertThatThrownBy(() -> mmu.load64(HUGE + 0x50_0000)).isInstanceOf(GuestFault.class);
        assertThat(walksOf(() -> mmu.load64(LARGE + 0x3000))).isZero();
    }

    @Test
    void shouldKeepGlobalPagesWhenCr3IsLoaded() {
        mmu.loadRoot(0);
        assertThat(walksOf(() -> mmu.load64(GLOBAL))).isZero();
        assertThat(walksOf(() -> mmu.load64(SMALL))).isOne();
        assertThat(walksOf(() -> mmu.load64(LARGE + 0x3000))).isOne();
    }

    @Test
    void shouldForgetGlobalPagesWhenControlsChangeOrTheyAreNamed() {
        mmu.invalidate(GLOBAL);
        assertThat(walksOf(() -> mmu.load64(GLOBAL))).isOne();
        mmu.controls(Tables.LONG_MODE);
        assertThat(walksOf(() -> mmu.load64(GLOBAL))).isOne();
    }

    @Test
    void shouldTakeNothingForGlobalWithoutPge() {
        mmu.controls(PagingControls.of(1L << 31, 1 << 5, 0xd00));
        mmu.load64(GLOBAL);
        mmu.loadRoot(0);
        assertThat(walksOf(() -> mmu.load64(GLOBAL))).isOne();
    }

    @Test
    void shouldKeepTheTranslationsOfPcidsApart() {
        mmu.loadRoot(0, 7, false);
        assertThat(walksOf(() -> mmu.load64(SMALL)))
                .as("another PCID's are not used")
                .isOne();
        mmu.loadRoot(0, 0, true);
        assertThat(walksOf(() -> mmu.load64(SMALL))).isZero();
        mmu.loadRoot(0, 7, true);
        assertThat(walksOf(() -> mmu.load64(SMALL))).isZero();
        mmu.loadRoot(0, 7, false);
        assertThat(walksOf(() -> mmu.load64(SMALL))).as("bit 63 was clear").isOne();
        mmu.tlb().flushContext(0);
        mmu.loadRoot(0, 0, true);
        assertThat(walksOf(() -> mmu.load64(SMALL))).isOne();
    }

    @Test
    void shouldForgetAGlobalPageUnderAllPcids() {
        mmu.loadRoot(0, 3, false);
        mmu.load64(GLOBAL);
        mmu.load64(SMALL);
        mmu.invalidate(GLOBAL);
        mmu.invalidate(SMALL);
        mmu.loadRoot(0, 0, true);
        assertThat(walksOf(() -> mmu.load64(GLOBAL))).isOne();
        assertThat(walksOf(() -> mmu.load64(SMALL)))
                .as("INVLPG names the present PCID")
                .isZero();
    }

    @Test
    void shouldGoOnWithMorePcidsThanItKeeps() {
        for (int pcid = 1; pcid <= 3 * Tlb.CONTEXTS; pcid++) {
            mmu.loadRoot(0, pcid, true);
            assertThat(walksOf(() -> mmu.load64(SMALL))).isOne();
        }
    }

    @Test
    void shouldForgetEverythingWhenTheMonitorTakesSomethingAway() {
        tables.map(SMALL, 1, 0x12_0000 | Tables.LEAF, Tables.LEAD_ON);
        assertThat(mmu.load64(SMALL)).as("held").isEqualTo(0x10_0000);
        tables.takeAway();
        mmu.load64(LARGE + 0x8000);
        assertThat(mmu.load64(SMALL)).as("seen at the next fill").isEqualTo(0x12_0000);
        tables.map(SMALL, 1, 0x13_0000 | Tables.LEAF, Tables.LEAD_ON);
        tables.takeAway();
        mmu.settle();
        assertThat(mmu.load64(SMALL)).as("seen at a safe point").isEqualTo(0x13_0000);
    }

    @Test
    void shouldCompareAndSetInOneStep() {
        assertThat(mmu.atomics().compareAndSet64(SMALL + 8, 0, 77)).isTrue();
        assertThat(mmu.atomics().compareAndSet64(SMALL + 8, 0, 78)).isFalse();
        assertThat(mmu.load64(SMALL + 8)).isEqualTo(77);
    }
}
