// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.stress.paging;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.abi.paging.MonitorLayout;
import io.splitvisor.abi.paging.PageTableEntry;
import io.splitvisor.abi.paging.PagingMode;
import io.splitvisor.domu.memory.GuestMemory;
import io.splitvisor.domu.paging.VirtualMemory;
import io.splitvisor.monitor.paging.WalkStep;
import io.splitvisor.vcpu.mmu.Mmu;
import io.splitvisor.vcpu.mmu.MmuEvents;
import io.splitvisor.vcpu.mmu.Paging;
import io.splitvisor.vcpu.mmu.PagingControls;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A domain's memory as the MMU of an x86 processor sees it: the guest's own 4-level tables, and addresses without memory. */
class VirtualMemoryTest {
    private static final PagingControls CONTROLS =
            new PagingControls(PagingControls.Format.LEVELS4, true, false, true, true, false, false);
    private static final long FLAGS = PageTableEntry.PRESENT | PageTableEntry.WRITABLE;
    private static final long LINEAR = 0x7f00_0000_0000L;
    private static final long DEVICE = LINEAR + GuestMemory.PAGE_SIZE;
    private static final long FAR_DEVICE = DEVICE + GuestMemory.PAGE_SIZE;

    /** Where there is no RAM: above the domain's, and above all that a domain can have. */
    private static final long[] REGISTERS = {0xfee0_0000L, 1L << MonitorLayout.PHYSICAL_BITS - 1};

    private final List<String> seen = new ArrayList<>();

    private final MmuEvents devices = new MmuEvents() {
        @Override
        public long deviceRead(long gpa, int size) {
            seen.add("read " + Long.toHexString(gpa) + " " + size);
            return 7;
        }

        @Override
        public void deviceWrite(long gpa, int size, long value) {
            seen.add("write " + Long.toHexString(gpa) + " " + size + " " + value);
        }

        @Override
        public void codeWrite(long offset, int size) {}
    };

    private static void entry(PagedGuest guest, int table, long linear, int level, long entry) {
        long at = GuestMemory.address(table) + 8L * PageTableEntry.index(linear, level);
        guest.memory.segment().set(ValueLayout.JAVA_LONG, at, entry);
    }

    /** Maps a page of RAM, and two without; answers the root. */
    private static int tables(PagedGuest guest) {
        int tables = guest.memory.allocate(5);
        for (int level = 4; level > 1; level--) {
            entry(guest, tables + 4 - level, LINEAR, level, PageTableEntry.of(tables + 5 - level, FLAGS));
        }
        entry(guest, tables + 3, LINEAR, 1, PageTableEntry.of(tables + 4, FLAGS));
        entry(guest, tables + 3, DEVICE, 1, REGISTERS[0] | FLAGS);
        entry(guest, tables + 3, FAR_DEVICE, 1, REGISTERS[1] | FLAGS);
        return tables;
    }

    @ParameterizedTest
    @EnumSource(names = "REGISTERED", mode = EnumSource.Mode.EXCLUDE)
    void shouldTellDevicesFromMemory(PagingMode mode) {
        try (PagedGuest guest = new PagedGuest(mode, 1, 64, 1)) {
            int root = tables(guest);
            VirtualMemory memory = guest.virtualMemory();
            Mmu mmu = new Mmu(memory.memory(), memory.paging(), devices);
            mmu.controls(CONTROLS);
            mmu.loadRoot(GuestMemory.address(root));
            mmu.store64(LINEAR + 8, 42);
            assertThat(mmu.load64(LINEAR + 8)).isEqualTo(42);
            assertThat(seen).isEmpty();
            assertThat(mmu.load32(DEVICE + 0x20)).isEqualTo(7);
            mmu.store32(DEVICE + 0xb0, 1);
            mmu.store8(FAR_DEVICE, 3);
            assertThat(seen)
                    .containsExactly(
                            "read fee00020 4",
                            "write fee000b0 4 1",
                            "write " + Long.toHexString(REGISTERS[1]) + " 1 3");
            assertThat(mmu.load64(LINEAR + 8)).isEqualTo(42);
        }
    }

    /** A processor that does not use memory management: an x86 one. */
    @ParameterizedTest
    @EnumSource(names = {"SHADOW", "EPT"})
    void shouldBeFollowedFromOutside(PagingMode mode) {
        try (PagedGuest guest = new PagedGuest(mode, 1, 64, 1)) {
            int root = tables(guest);
            VirtualMemory memory = guest.virtualMemory();
            Mmu mmu = new Mmu(memory.memory(), memory.paging(), devices);
            mmu.controls(CONTROLS);
            mmu.loadRoot(GuestMemory.address(root));
            mmu.load64(LINEAR);
            WalkStep last = guest.domain.paging().walk(0, LINEAR).stream()
                    .filter(step -> step.table().equals("guest"))
                    .toList()
                    .getLast();
            assertThat(last.leaf()).isTrue();
            assertThat(last.frame()).isEqualTo(root + 4);
        }
    }

    @Test
    void shouldHaveOneWidthOfAddresses() {
        assertThat(Paging.PHYSICAL_BITS).isEqualTo(MonitorLayout.PHYSICAL_BITS);
    }
}
