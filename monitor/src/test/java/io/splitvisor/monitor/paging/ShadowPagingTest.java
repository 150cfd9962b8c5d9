// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.paging;

import static io.splitvisor.abi.paging.PageTableEntry.ACCESSED;
import static io.splitvisor.abi.paging.PageTableEntry.DIRTY;
import static io.splitvisor.abi.paging.PageTableEntry.LARGE;
import static io.splitvisor.abi.paging.PageTableEntry.PRESENT;
import static io.splitvisor.abi.paging.PageTableEntry.USER;
import static io.splitvisor.abi.paging.PageTableEntry.WRITABLE;
import static io.splitvisor.monitor.paging.ShadowGuest.L1;
import static io.splitvisor.monitor.paging.ShadowGuest.L2;
import static io.splitvisor.monitor.paging.ShadowGuest.L3;
import static io.splitvisor.monitor.paging.ShadowGuest.L4;
import static io.splitvisor.monitor.paging.ShadowGuest.RIGHTS;
import static io.splitvisor.monitor.paging.ShadowGuest.entry;
import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.abi.XenErrno;
import io.splitvisor.abi.paging.MonitorHeader;
import io.splitvisor.abi.paging.PagingCounter;
import io.splitvisor.abi.paging.PagingTrap;
import io.splitvisor.monitor.Hypervisor;
import java.util.BitSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Shadow page tables; rows S1 to S5. */
class ShadowPagingTest {
    private static final int OTHER = 120;

    private final Hypervisor hypervisor = new Hypervisor();
    private final ShadowGuest guest = new ShadowGuest(hypervisor, 64, false);

    @AfterEach
    void nothingIsLeft() {
        if (!guest.guest.domain().ended()) {
            ShadowAudit.check(guest);
        }
        while (!guest.paging.relinquish(3)) {
            Thread.onSpinWait();
        }
        assertThat(guest.count(PagingCounter.POOL_USED)).isZero();
        hypervisor.close();
    }

    @Test
    void shouldFillOnFaultsAndThenNotTrap() {
        guest.poke(300, 0, 42);
        assertThat(guest.read(300 * 4096)).isEqualTo(42);
        assertThat(guest.faults).isEqualTo(1);
        assertThat(guest.write(300 * 4096, 43)).isZero();
        int faults = guest.faults;
        for (int i = 0; i < 10; i++) {
            assertThat(guest.read(300 * 4096)).isEqualTo(43);
            assertThat(guest.write(300 * 4096, 43)).isZero();
        }
        assertThat(guest.faults).isEqualTo(faults);
    }

    /** Slot 510 of the root leads to the root: where the entry for an address at a level is then. */
    private static long linear(long address, int level) {
        long at = address;
        for (int i = 0; i < level; i++) {
            at = (at >>> 9 & 0x7f_ffff_fff8L) | 510L << 39;
        }
        return at << 16 >> 16;
    }

    @Test
    void m7_shouldFollowATableThatIsUsedAtSeveralLevels() {
        guest.writeEntry(L4, 510, entry(L4, RIGHTS));
        assertThat(guest.read(linear(300 * 4096, 1))).isEqualTo(entry(300, RIGHTS));
        assertThat(guest.read(linear(300 * 4096, 2)) & ~(ACCESSED | DIRTY)).isEqualTo(entry(L1, RIGHTS));
        assertThat(guest.read(linear(300 * 4096, 4)) & ~(ACCESSED | DIRTY)).isEqualTo(entry(L4 + 1, RIGHTS));
        guest.poke(301, 0, 77);
        guest.read(300 * 4096);
        assertThat(guest.write(linear(300 * 4096, 1), entry(301, RIGHTS))).isZero();
        guest.invlpg(300 * 4096);
        assertThat(guest.read(300 * 4096)).isEqualTo(77);
        ShadowAudit.check(guest);
        // The root's own entry, written through itself, at the level at which it ends a walk.
        assertThat(guest.write(linear(0, 4) + 510 * 8, 0)).isZero();
        guest.invlpg(linear(300 * 4096, 1));
        assertThat(guest.access(linear(300 * 4096, 1), 0)).as("not present").isEqualTo(-1);
        assertThat(guest.read(300 * 4096)).isEqualTo(77);
    }

    @Test
    void shouldSetAccessedAndDirtyInTheGuestsOwnTables() {
        guest.read(300 * 4096);
        assertThat(guest.peek(L1, 300)).isEqualTo(entry(300, RIGHTS | ACCESSED));
        assertThat(guest.peek(L4, 0) & ACCESSED).isNotZero();
        assertThat(guest.peek(L1, 301) & ACCESSED).isZero();
        guest.write(300 * 4096, 1);
        assertThat(guest.peek(L1, 300)).isEqualTo(entry(300, RIGHTS | ACCESSED | DIRTY));
        // Cleared and invalidated, they are set again.
        guest.writeEntry(L1, 300, entry(300, RIGHTS));
        guest.invlpg(300 * 4096);
        assertThat(guest.peek(L1, 300)).isEqualTo(entry(300, RIGHTS));
        guest.read(300 * 4096);
        assertThat(guest.peek(L1, 300)).isEqualTo(entry(300, RIGHTS | ACCESSED));
    }

    @ParameterizedTest
    @CsvSource({
        // flags of the entry; access; error code
        "0, 0, 0",
        "0, 2, 2",
        "0, 4, 4",
        "1, 2, 3",
        "1, 4, 5",
        "3, 6, 7",
        "5, 6, 7",
        "0x8000000000000005, 0x10, 0x11",
        "0x8000000000000005, 0x14, 0x15",
        "1, 0x14, 0x15"
    })
    void shouldRaiseTheGuestsOwnFaults(String flags, String access, String code) {
        long bits = Long.parseUnsignedLong(flags.replace("0x", ""), flags.startsWith("0x") ? 16 : 10);
        guest.poke(L1, 310, entry(310, bits));
        assertThat(guest.trap(PagingTrap.FAULT, 310 * 4096, Long.decode(access)))
                .isEqualTo(PagingTrap.pageFault(Integer.decode(code)));
        assertThat(guest.peek(L1, 310)).isEqualTo(entry(310, bits));
    }

    @Test
    void shouldLetTablesOfTheLowestLevelOutOfSync() {
        guest.read(300 * 4096);
        long writes = guest.count(PagingCounter.WRITES);
        for (int i = 400; i < 450; i++) {
            guest.writeEntry(L1, i, entry(500 - i, RIGHTS));
        }
        assertThat(guest.count(PagingCounter.WRITES)).isEqualTo(writes);
        assertThat(guest.count(PagingCounter.UNSYNCS)).isEqualTo(1);
        // A translation that was not there before is seen without an invalidation.
        assertThat(guest.access(410 * 4096, 0)).isEqualTo(90 * 4096);
        // One that was there is, after it.
        guest.writeEntry(L1, 300, entry(301, RIGHTS));
        guest.invlpg(300 * 4096);
        assertThat(guest.access(300 * 4096, 0)).isEqualTo(301 * 4096);
        guest.writeEntry(L1, 300, 0);
        guest.loadCr3(L4);
        assertThat(guest.access(300 * 4096, 0)).isEqualTo(-1);
    }

    @Test
    void shouldProtectTablesAgainThatDoNotChange() {
        guest.read(300 * 4096);
        guest.writeEntry(L1, 400, entry(7, RIGHTS));
        for (int i = 0; i < 8; i++) {
            guest.loadCr3(L4);
        }
        assertThat(guest.paging.shadows().isProtected(L1)).isTrue();
        assertThat(guest.shadowLeaf(L1 * 4096) & WRITABLE).isZero();
    }

    @Test
    void shouldTrapEveryWriteIfToldTo() {
        ShadowGuest strict = new ShadowGuest(hypervisor, 64, true);
        strict.read(300 * 4096);
        for (int i = 400; i < 450; i++) {
            strict.writeEntry(L1, i, entry(500 - i, RIGHTS));
        }
        assertThat(strict.count(PagingCounter.WRITES)).isEqualTo(50);
        assertThat(strict.count(PagingCounter.UNSYNCS)).isZero();
        assertThat(strict.access(410 * 4096, 0)).isEqualTo(90 * 4096);
        assertThat(MonitorHeader.trapsEveryWrite(strict.monitor)).isTrue();
        ShadowAudit.check(strict);
    }

    @ParameterizedTest
    @ValueSource(ints = {L2, L3, L4})
    void shouldSeeStoresToUpperTables(int table) {
        guest.read(300 * 4096);
        assertThat(guest.access(table * 4096L, PagingTrap.WRITE_ACCESS)).isEqualTo(Long.MIN_VALUE);
        guest.poke(5, 0, 0);
        guest.writeEntry(table, 0, entry(5, RIGHTS));
        assertThat(guest.shadowLeaf(300 * 4096)).isZero();
        assertThat(guest.trap(PagingTrap.FAULT, 300 * 4096, 0)).isEqualTo(PagingTrap.pageFault(0));
        // The tables are out of reach now, but for the monitor.
        guest.poke(table, 0, entry(table + 1, RIGHTS));
        assertThat(guest.read(300 * 4096)).isZero();
    }

    @Test
    void shouldKeepShadowsWhenAddressSpacesAreSwitched() {
        guest.buildIdentity(OTHER);
        guest.read(300 * 4096);
        guest.loadCr3(OTHER);
        guest.read(300 * 4096);
        int faults = guest.faults;
        long made = guest.count(PagingCounter.SHADOWS_MADE);
        for (int i = 0; i < 20; i++) {
            guest.loadCr3(i % 2 == 0 ? L4 : OTHER);
            assertThat(guest.read(300 * 4096)).isZero();
        }
        assertThat(guest.faults).isEqualTo(faults);
        assertThat(guest.count(PagingCounter.SHADOWS_MADE)).isEqualTo(made);
    }

    @Test
    void shouldSplitLargePages() {
        guest.poke(L2, 5, entry(512, RIGHTS | LARGE));
        guest.poke(600, 3, 99);
        long linear = (5L << 21) + 88 * 4096 + 24;
        assertThat(guest.read(linear)).isEqualTo(99);
        assertThat(guest.peek(L2, 5)).isEqualTo(entry(512, RIGHTS | LARGE | ACCESSED));
        assertThat(guest.write(linear, 100)).isZero();
        assertThat(guest.peek(L2, 5)).isEqualTo(entry(512, RIGHTS | LARGE | ACCESSED | DIRTY));
        assertThat(guest.peek(600, 3)).isEqualTo(100);
        guest.poke(L3, 1, entry(0, RIGHTS | LARGE));
        assertThat(guest.read((1L << 30) + 600 * 4096 + 24)).isEqualTo(100);
        // A table within a large page is protected there as well.
        assertThat(guest.access((1L << 30) + L2 * 4096L, PagingTrap.WRITE_ACCESS))
                .isEqualTo(Long.MIN_VALUE);
    }

    @Test
    void shouldEmulateWhatGoesOnlyWithoutWriteProtect() {
        guest.poke(L1, 320, entry(320, PRESENT));
        assertThat(guest.write(320 * 4096, 5)).isEqualTo(PagingTrap.pageFault(3));
        guest.trap(PagingTrap.CONTROL, 0x8000_0001L, 0xa0, 0xd00);
        assertThat(guest.access(320 * 4096, PagingTrap.WRITE_ACCESS)).isEqualTo(Long.MIN_VALUE);
        assertThat(guest.write(320 * 4096, 5)).isZero();
        assertThat(guest.peek(320, 0)).isEqualTo(5);
        assertThat(guest.peek(L1, 320)).isEqualTo(entry(320, PRESENT | ACCESSED | DIRTY));
        assertThat(guest.trap(PagingTrap.WRITE, 320 * 4096, PagingTrap.WRITE_ACCESS | PagingTrap.USER, 8, 6))
                .isEqualTo(PagingTrap.pageFault(7));
    }

    @Test
    void shouldCompareAndSet() {
        guest.read(300 * 4096);
        long at = L2 * 4096L + 64;
        guest.poke(L2, 8, 7);
        assertThat(guest.trap(PagingTrap.COMPARE_AND_SET, at, 2, 8, 6, 9)).isEqualTo(PagingTrap.DIFFERENT);
        assertThat(guest.trap(PagingTrap.COMPARE_AND_SET, at, 2, 8, 7, 8)).isZero();
        assertThat(guest.trap(PagingTrap.COMPARE_AND_SET, at + 1, 2, 1, 0, 0xff))
                .isZero();
        assertThat(guest.peek(L2, 8)).isEqualTo(0xff08);
        assertThat(guest.trap(PagingTrap.COMPARE_AND_SET, at + 1, 2, 2, 0, 0xff))
                .isEqualTo(-XenErrno.EINVAL);
        guest.poke(L2, 8, 0);
    }

    private static void log(ShadowGuest guest, boolean logging) {
        if (logging) {
            assertThat(guest.paging.startLog()).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void s1_shouldEndOnlyTheDomainWhoseShadowMemoryIsTooSmall(boolean logging) {
        ShadowGuest tiny = new ShadowGuest(hypervisor, 3, false);
        log(tiny, logging);
        tiny.trap(PagingTrap.FAULT, 300 * 4096, 0);
        assertThat(tiny.guest.domain().ended()).isTrue();
        assertThat(hypervisor.endings()).anyMatch(ending -> ending.contains("shadow memory is exhausted"));
        assertThat(guest.guest.domain().ended()).isFalse();
        assertThat(guest.read(300 * 4096)).isZero();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void s1_shouldMakeRoomForWhatIsNeeded(boolean logging) {
        ShadowGuest small = new ShadowGuest(hypervisor, 6, false);
        log(small, logging);
        for (int space = 0; space < 20; space++) {
            small.buildIdentity(300 + space * 5);
        }
        for (int round = 0; round < 3; round++) {
            for (int space = 0; space < 20; space++) {
                assertThat(small.loadCr3(300 + space * 5)).isZero();
                assertThat(small.access(7 * 4096, 0)).isEqualTo(7 * 4096);
                assertThat(small.access(700 * 4096, 2)).isEqualTo(700 * 4096);
                ShadowAudit.check(small);
            }
        }
        assertThat(small.count(PagingCounter.EVICTIONS)).isGreaterThan(100);
        assertThat(small.count(PagingCounter.POOL_PEAK)).isEqualTo(6);
        assertThat(small.guest.domain().ended()).isFalse();
    }

    @Test
    void t3_shouldShrinkThePoolAndKeepToIt() {
        ShadowGuest other = new ShadowGuest(hypervisor, 64, false);
        for (int i = 0; i < 30; i++) {
            other.poke(L2, 2 + i, entry(512, RIGHTS | LARGE));
            other.poke(L4, 1 + i, entry(L3, RIGHTS));
            other.read((long) (1 + i) << 39 | (2L + i) << 21);
        }
        assertThat(other.paging.poolLimit(15)).isEqualTo(-XenErrno.ENOMEM);
        assertThat(other.paging.poolLimit(65)).isEqualTo(-XenErrno.ENOMEM);
        assertThat(other.paging.poolLimit(16)).isZero();
        assertThat(other.count(PagingCounter.POOL_USED)).isLessThanOrEqualTo(16);
        for (int i = 0; i < 30; i++) {
            other.read((long) (1 + i) << 39 | (2L + i) << 21);
            assertThat(other.count(PagingCounter.POOL_USED)).isLessThanOrEqualTo(16);
        }
        ShadowAudit.check(other);
    }

    @ParameterizedTest
    @ValueSource(longs = {1L << 46, 1L << 51, 1L << 48})
    void s2_shouldFaultOnFramesBeyondTheWidth(long bit) {
        guest.poke(L1, 330, entry(330, RIGHTS) | bit);
        assertThat(guest.trap(PagingTrap.FAULT, 330 * 4096, 0)).isEqualTo(PagingTrap.pageFault(9));
        guest.poke(L2, 7, entry(512, RIGHTS | LARGE) | bit);
        assertThat(guest.trap(PagingTrap.FAULT, 7L << 21, 2)).isEqualTo(PagingTrap.pageFault(11));
        assertThat(guest.trap(PagingTrap.LOAD_CR3, bit | L4 << 12)).isEqualTo(-XenErrno.EINVAL);
    }

    @Test
    void s2_shouldFaultOnLargeWhereItIsReserved() {
        guest.poke(L4, 3, entry(L3, RIGHTS | LARGE));
        assertThat(guest.trap(PagingTrap.FAULT, 3L << 39, 0)).isEqualTo(PagingTrap.pageFault(9));
        guest.poke(L2, 9, entry(513, RIGHTS | LARGE) | 1L << 13);
        assertThat(guest.trap(PagingTrap.FAULT, 9L << 21, 0)).isEqualTo(PagingTrap.pageFault(9));
        guest.poke(L1, 340, entry(340, RIGHTS) | 1L << 63);
        guest.trap(PagingTrap.CONTROL, 0x8001_0001L, 0xa0, 0x500);
        assertThat(guest.trap(PagingTrap.FAULT, 340 * 4096, 0)).isEqualTo(PagingTrap.pageFault(9));
        guest.trap(PagingTrap.CONTROL, 0x8001_0001L, 0xa0, 0xd00);
    }

    @ParameterizedTest
    @ValueSource(longs = {16, 0, 3, -8, 1L << 32, (1L << 32) + 8})
    void s3_shouldWriteNoMoreThanAWord(long bytes) {
        guest.read(300 * 4096);
        assertThat(guest.trap(PagingTrap.WRITE, L2 * 4096L, 2, bytes, -1)).isEqualTo(-XenErrno.EINVAL);
        assertThat(guest.trap(PagingTrap.COMPARE_AND_SET, L2 * 4096L, 2, bytes, 0, -1))
                .isEqualTo(-XenErrno.EINVAL);
        assertThat(guest.trap(PagingTrap.WRITE, L2 * 4096L + 4092, 2, 8, -1)).isEqualTo(-XenErrno.EINVAL);
    }

    @Test
    void s3_shouldSeeAStoreAcrossTwoEntries() {
        guest.read(300 * 4096);
        guest.poke(L2, 5, entry(512, RIGHTS | LARGE));
        guest.poke(L2, 6, entry(512, RIGHTS | LARGE));
        guest.read(5L << 21);
        guest.read(6L << 21);
        assertThat(guest.trap(PagingTrap.WRITE, L2 * 4096L + 5 * 8 + 4, 2, 8, 0))
                .isZero();
        assertThat(guest.shadowLeaf(6L << 21)).isZero();
        assertThat(guest.read(5L << 21)).isZero();
    }

    @Test
    void s4_shouldShareAShadowAmongAsManyEntriesAsThereAre() {
        for (int i = 1; i < 512; i++) {
            guest.poke(L2, i, entry(L1, RIGHTS));
            guest.read((long) i << 21 | 300 << 12);
        }
        ShadowAudit.check(guest);
        guest.guest.domain().memory().reservation().decrease(L1, 0);
        assertThat(guest.shadowLeaf(300 * 4096)).isZero();
        ShadowAudit.check(guest);
        assertThat(guest.trap(PagingTrap.FAULT, 300 * 4096, 0)).isEqualTo(-XenErrno.EFAULT);
    }

    @Test
    void s5_shouldForgetFramesThatHaveNoPageAnyMore() {
        long generation = MonitorHeader.generationAcquire(guest.monitor);
        guest.read(300 * 4096);
        guest.guest.domain().memory().reservation().decrease(300, 0);
        assertThat(guest.shadowLeaf(300 * 4096)).isZero();
        assertThat(MonitorHeader.generationAcquire(guest.monitor)).isGreaterThan(generation);
        assertThat(guest.trap(PagingTrap.FAULT, 300 * 4096, 0)).isEqualTo(-XenErrno.EFAULT);
        guest.guest.domain().memory().reservation().decrease(301, 0);
        guest.guest.domain().memory().reservation().populate(300, 0);
        assertThat(guest.read(300 * 4096)).isZero();
    }

    @Test
    void s5_shouldSurviveTheLossOfTheRoot() {
        guest.read(300 * 4096);
        assertThat(guest.guest.domain().memory().reservation().decrease(L4, 0)).isTrue();
        assertThat(MonitorHeader.vcpuAcquire(guest.monitor, 0, MonitorHeader.ROOT))
                .isZero();
        assertThat(guest.trap(PagingTrap.FAULT, 300 * 4096, 0)).isEqualTo(-XenErrno.EFAULT);
        assertThat(guest.trap(PagingTrap.INVLPG, 300 * 4096)).isZero();
        guest.buildIdentity(OTHER);
        assertThat(guest.loadCr3(OTHER)).isZero();
        assertThat(guest.read(300 * 4096)).isZero();
        assertThat(guest.loadCr3(1 << 20)).isZero();
        assertThat(guest.trap(PagingTrap.FAULT, 300 * 4096, 0)).isEqualTo(-XenErrno.EFAULT);
    }

    private int[] dirty(boolean take) {
        return BitSet.valueOf(guest.paging.readLog(take)).stream().toArray();
    }

    @Test
    void t8_shouldLogWhichFramesChange() {
        guest.write(600 * 4096, 1);
        assertThat(guest.paging.readLog(false)).isNull();
        assertThat(guest.paging.startLog()).isZero();
        assertThat(guest.paging.startLog()).isEqualTo(-XenErrno.EINVAL);
        assertThat(guest.read(600 * 4096)).isEqualTo(1);
        assertThat(guest.shadowLeaf(600 * 4096) & WRITABLE).isZero();
        guest.write(600 * 4096, 2);
        // With the accessed bits of the tables: L4 and L3 had theirs.
        guest.write(20 * 4096, 3);
        assertThat(dirty(true)).contains(600, 20, L1).doesNotContain(601, L4);
        assertThat(guest.shadowLeaf(600 * 4096) & WRITABLE).isZero();
        assertThat(dirty(false)).isEmpty();
        int faults = guest.faults;
        guest.write(600 * 4096, 4);
        guest.write(600 * 4096, 5);
        assertThat(guest.faults).isEqualTo(faults + 1);
        assertThat(dirty(true)).containsExactly(600);
        ShadowAudit.check(guest);
        assertThat(guest.paging.stopLog()).isZero();
        assertThat(guest.paging.stopLog()).isEqualTo(-XenErrno.EINVAL);
        guest.write(601 * 4096, 6);
    }

    /** By a trap, or, where a table is out of sync, by the guest itself. */
    @Test
    void t8_shouldLogStoresToTables() {
        guest.paging.startLog();
        guest.writeEntry(L2, 9, 0);
        guest.writeEntry(L1, 300, entry(300, RIGHTS));
        assertThat(dirty(true)).contains(L2, L1);
        guest.writeEntry(L1, 301, entry(301, RIGHTS));
        assertThat(dirty(true)).contains(L1).doesNotContain(L2);
        guest.writeEntry(L2, 9, entry(L1, RIGHTS));
        assertThat(dirty(true)).contains(L2).doesNotContain(L1);
        ShadowAudit.check(guest);
    }

    @Test
    void shouldShowEachLevelOfAWalk() {
        guest.read(300 * 4096);
        assertThat(guest.paging.walk(0, 300 * 4096)).hasSize(8).last().satisfies(step -> {
            assertThat(step.table()).isEqualTo("shadow");
            assertThat(step.leaf()).isTrue();
            assertThat(step.frame()).isEqualTo(300);
        });
        assertThat(guest.paging.walk(0, 1L << 39)).hasSize(2);
    }

    @Test
    void shouldTrapOnlyInItsOwnMode() {
        assertThat(guest.trap(PagingTrap.EPT_VIOLATION, 0, 0)).isEqualTo(-XenErrno.EOPNOTSUPP);
        assertThat(guest.trap(PagingTrap.DESCRIPTOR + 1)).isEqualTo(-XenErrno.ENOSYS);
        assertThat(guest.trap(PagingTrap.FAULT, USER, USER)).isNotNegative();
    }
}
