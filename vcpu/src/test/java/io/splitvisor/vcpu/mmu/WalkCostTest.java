// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.mmu;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a miss costs in each mode, in references to memory: the whole table. */
class WalkCostTest {
    private static final long GIB = 1L << 30;
    private static final long LINEAR = 0x7f12_4020_1008L;
    /** A guest-physical page in the first 2 MiB, so that one large EPT page can hold all that the walk needs. */
    private static final long TARGET = 0x1f_f000;

    private static final int RAM_PAGES = 1024;
    private static final int POOL_PAGES = 64;

    private final MemorySegment ram = Tables.pages(RAM_PAGES);
    private final MemorySegment pool = Tables.pages(POOL_PAGES);
    private final Paging.Mapping mapping = new Paging.Mapping();

    private static long leafOf(long target, int level) {
        long large = level > 1 ? LongWalk.PS : 0;
        return (target & -1L << (12 + 9 * (level - 1))) | Tables.LEAF | large;
    }

    @ParameterizedTest
    @CsvSource({"1,4", "2,3", "3,2"})
    void shouldCostOneReferenceALevelInMonitorsTables(int leaf, int references) {
        Tables tables = new Tables(pool, 0x1000);
        tables.map(LINEAR, leaf, leafOf(0, leaf), Tables.LEAD_ON);
        for (LongWalk walk : new LongWalk[] {new ShadowPaging(tables, tables), new RegisteredPaging(tables, ram)}) {
            walk.controls(Tables.LONG_MODE);
            assertThat(walk.translate(LINEAR, Tlb.READ, Tlb.USER, mapping)).isEqualTo(Paging.MAPPED);
            assertThat(walk.references()).isEqualTo(references);
            assertThat(walk.walks()).isOne();
            assertThat(mapping.shift()).isEqualTo(12 + 9 * (leaf - 1));
        }
    }

    /** Guest's leaf, extended leaf, references: (guest's levels + 1) walks of the extended tables, and the guest's entries. */
    @ParameterizedTest
    @CsvSource({"1,1,24", "1,2,19", "1,3,14", "2,1,19", "2,2,15", "2,3,11", "3,1,14", "3,2,11", "3,3,8"})
    void shouldWalkTwoDimensionsUnderEpt(int leaf, int extendedLeaf, int references) {
        Tables guest = new Tables(ram, 0x10_0000);
        guest.map(LINEAR, leaf, leafOf(leaf == 1 ? TARGET : 0, leaf), Tables.LEAD_ON);
        Tables extended = new Tables(pool, 0x1000);
        mapAll(extended, extendedLeaf);
        // What a large guest page says of the address lies beyond RAM; any machine page will do for it.
        long gpa = leaf == 1 ? TARGET : LINEAR & ((1L << (12 + 9 * (leaf - 1))) - 1) & -4096L;
        if (extendedLeaf == 1) {
            extended.map(gpa, 1, TARGET | Tables.EPT_LEAF, Tables.EPT_LEAD_ON);
        }
        EptMemory memory = new EptMemory(ram, extended, extended);
        PageWalk walk = new PageWalk(memory);
        walk.controls(Tables.LONG_MODE);
        walk.root(guest.root());
        Mmu mmu = new Mmu(memory, walk, MmuEvents.NONE);
        long machine = extendedLeaf == 1 ? TARGET : gpa;
        if (machine + 4096 <= ram.byteSize()) {
            ram.set(ValueLayout.JAVA_LONG, machine | 8, 0x1234_5678_9abcL);
            assertThat(mmu.load64(LINEAR)).isEqualTo(0x1234_5678_9abcL);
        } else {
            assertThat(mmu.load64(LINEAR)).as("beyond RAM").isEqualTo(-1);
        }
        assertThat(walk.references()).isEqualTo(references);
        assertThat(extended.violations).isZero();
    }

    private static void mapAll(Tables extended, int leaf) {
        long size = 1L << (12 + 9 * (leaf - 1));
        long large = leaf > 1 ? LongWalk.PS : 0;
        long end = leaf == 1 ? RAM_PAGES * Tables.PAGE : leaf == 2 ? 8 << 20 : GIB;
        for (long gpa = 0; gpa < end; gpa += size) {
            extended.map(gpa, leaf, gpa | Tables.EPT_LEAF | large, Tables.EPT_LEAD_ON);
        }
    }

    @Test
    void shouldCostNothingOnceTheTlbHoldsIt() {
        Tables tables = new Tables(pool, 0x1000);
        tables.map(LINEAR, 1, leafOf(TARGET, 1), Tables.LEAD_ON);
        ShadowPaging paging = new ShadowPaging(tables, tables);
        Mmu mmu = new Mmu(GuestMemory.flat(ram), paging, MmuEvents.NONE);
        mmu.controls(Tables.LONG_MODE);
        for (int i = 0; i < 1000; i++) {
            mmu.store64(LINEAR, i);
            assertThat(mmu.load64(LINEAR)).isEqualTo(i);
        }
        assertThat(paging.references()).as("one fill serves loads and stores").isEqualTo(4);
        assertThat(mmu.tlb().fills()).isOne();
    }

    @Test
    void shouldWalkALargePageOnce() {
        Tables tables = new Tables(pool, 0x1000);
        long base = LINEAR & -1L << 21;
        tables.map(base, 2, leafOf(0, 2), Tables.LEAD_ON);
        RegisteredPaging paging = new RegisteredPaging(tables, ram);
        Mmu mmu = new Mmu(GuestMemory.flat(ram), paging, MmuEvents.NONE);
        mmu.controls(Tables.LONG_MODE);
        for (int page = 0; page < 512; page++) {
            mmu.store64(base + page * Tables.PAGE, page);
        }
        assertThat(paging.references()).isEqualTo(3);
        assertThat(mmu.tlb().fills()).isEqualTo(512);
        assertThat(ram.get(ValueLayout.JAVA_LONG, 511 * Tables.PAGE)).isEqualTo(511);
    }
}
