// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.mmu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EptMemoryTest {
    private static final long GPA = 0x5000;

    private final MemorySegment ram = Tables.pages(64);
    private final Tables tables = new Tables(Tables.pages(16), 0x1000);
    private final EptMemory memory = new EptMemory(ram, tables, tables);

    @Test
    void shouldFindAPageAndWhatMayBeDoneToIt() {
        tables.map(GPA, 1, 0x7000 | 6 << 3 | 1, Tables.EPT_LEAD_ON);
        assertThat(memory.page(GPA >>> 12, Tlb.READ)).isEqualTo(0x7000);
        assertThat(memory.rights()).isEqualTo(1 << Tlb.READ);
        assertThat(memory.shift()).isEqualTo(12);
    }

    @Test
    void shouldAskTheMonitorForWhatIsMissingAndWalkAgain() {
        tables.onViolation = () -> tables.map(GPA, 1, 0x7000 | Tables.EPT_LEAF, Tables.EPT_LEAD_ON);
        assertThat(memory.page(GPA >>> 12, Tlb.WRITE)).isEqualTo(0x7000);
        assertThat(tables.violations).isOne();
    }

    @Test
    void shouldTakeTheAndOfAllLevelsRights() {
        tables.map(GPA, 1, 0x7000 | Tables.EPT_LEAF, 1);
        tables.onViolation = () -> tables.set(tables.root(), tables.get(tables.root()) | 7);
        assertThat(memory.page(GPA >>> 12, Tlb.READ)).isEqualTo(0x7000);
        assertThat(memory.rights()).isEqualTo(1 << Tlb.READ);
        assertThat(memory.page(GPA >>> 12, Tlb.WRITE))
                .as("the other levels still forbid")
                .isEqualTo(-1);
        assertThat(tables.violations).isEqualTo(4);
    }

    @Test
    void shouldHaveNoPageWhereTheMonitorHasNone() {
        assertThat(memory.page(GPA >>> 12)).isEqualTo(GuestMemory.NO_PAGE);
        assertThat(memory.page(1L << 40)).as("beyond four levels").isEqualTo(GuestMemory.NO_PAGE);
    }

    /** Writable but not readable, such with execute, types 2, 3 and 7, and an address beyond the machine's. */
    @ParameterizedTest
    @ValueSource(longs = {2 | 6 << 3, 6 | 6 << 3, 7 | 2 << 3, 7 | 3 << 3, 7 | 7 << 3, 7 | 6 << 3 | 1L << 46})
    void shouldDetectAMisconfiguredLeaf(long bits) {
        tables.map(GPA, 1, 0x7000 | bits, Tables.EPT_LEAD_ON);
        assertThatThrownBy(() -> memory.page(GPA >>> 12)).isInstanceOf(IllegalStateException.class);
        assertThat(tables.misconfigured).isEqualTo(GPA);
    }

    /** Reserved bits of an entry that leads on, and of a large leaf's address. */
    @ParameterizedTest
    @ValueSource(longs = {7 | 1 << 3, 7 | 1 << 6, 0x1000 | 7 | 6 << 3 | 1 << 7})
    void shouldDetectMisconfiguredUpperEntries(long bits) {
        tables.map(GPA, 1, 0x7000 | Tables.EPT_LEAF, Tables.EPT_LEAD_ON);
        long at = tables.find(GPA, 2);
        tables.set(at, (bits & 1 << 7) != 0 ? bits : tables.get(at) | bits);
        assertThatThrownBy(() -> memory.page(GPA >>> 12)).isInstanceOf(IllegalStateException.class);
        assertThat(tables.misconfigured).isEqualTo(GPA);
    }

    @Test
    void shouldSetAccessedBitsThroughExtendedTablesThatForbidStores() {
        // The guest's tables lie in pages that may only be read at first, as under dirty logging.
        Tables guest = new Tables(ram, 0x1_0000);
        guest.map(0, 1, 0x3000 | LongWalk.P | LongWalk.RW, LongWalk.P | LongWalk.RW);
        for (long gpa = 0; gpa < ram.byteSize(); gpa += 4096) {
            tables.map(gpa, 1, gpa | 6 << 3 | 1, Tables.EPT_LEAD_ON);
        }
        int[] made = new int[1];
        PagingTraps permit = new Permissive(tables, made);
        EptMemory logged = new EptMemory(ram, tables, permit);
        PageWalk walk = new PageWalk(logged);
        walk.controls(Tables.LONG_MODE);
        walk.root(guest.root());
        Mmu mmu = new Mmu(logged, walk, MmuEvents.NONE);
        mmu.store64(0x10, 5);
        assertThat(made[0]).as("four tables and the page become writable").isEqualTo(5);
        assertThat(guest.get(guest.find(0, 1)) & (LongWalk.A | LongWalk.D)).isEqualTo(LongWalk.A | LongWalk.D);
        assertThat(mmu.load64(0x10)).isEqualTo(5);
    }

    /** Lets every store through, once asked. */
    private record Permissive(Tables tables, int[] made) implements PagingTraps {
        @Override
        public int eptViolation(long gpa, int access) {
            long at = tables.find(gpa, 1);
            tables.set(at, tables.get(at) | 2);
            made[0]++;
            return MENDED;
        }

        @Override
        public int fault(long linear, int access, int bank) {
            return tables.fault(linear, access, bank);
        }

        @Override
        public int write(long linear, int size, long value, int bank) {
            return tables.write(linear, size, value, bank);
        }

        @Override
        public int compareAndSet(long linear, long expected, long value, int bank) {
            return tables.compareAndSet(linear, expected, value, bank);
        }

        @Override
        public void invalidate(long linear) {}

        @Override
        public void loadRoot(long cr3) {}

        @Override
        public void controls(PagingControls controls) {}

        @Override
        public void eptMisconfiguration(long gpa) {
            tables.eptMisconfiguration(gpa);
        }
    }
}
