// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.paging;

import static io.splitvisor.abi.paging.PageTableEntry.ACCESSED;
import static io.splitvisor.abi.paging.PageTableEntry.DIRTY;
import static io.splitvisor.abi.paging.PageTableEntry.PRESENT;
import static io.splitvisor.abi.paging.PageTableEntry.USER;
import static io.splitvisor.monitor.paging.RegisteredGuest.DATA;
import static io.splitvisor.monitor.paging.RegisteredGuest.L1;
import static io.splitvisor.monitor.paging.RegisteredGuest.L2;
import static io.splitvisor.monitor.paging.RegisteredGuest.L3;
import static io.splitvisor.monitor.paging.RegisteredGuest.L4;
import static io.splitvisor.monitor.paging.RegisteredGuest.RIGHTS;
import static io.splitvisor.monitor.paging.RegisteredGuest.entry;
import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.abi.DomId;
import io.splitvisor.abi.Hypercall;
import io.splitvisor.abi.MmuExtOp;
import io.splitvisor.abi.MmuUpdate;
import io.splitvisor.abi.MmuUpdateRequest;
import io.splitvisor.abi.MulticallEntry;
import io.splitvisor.abi.UvmFlags;
import io.splitvisor.abi.XenErrno;
import io.splitvisor.abi.grant.GnttabCopy;
import io.splitvisor.abi.grant.GnttabCopyPtr;
import io.splitvisor.abi.grant.GrantStatus;
import io.splitvisor.abi.grant.GrantTableOp;
import io.splitvisor.abi.paging.MonitorHeader;
import io.splitvisor.abi.paging.PagingCounter;
import io.splitvisor.monitor.Guest;
import io.splitvisor.monitor.Hypervisor;
import io.splitvisor.monitor.memory.FrameTable;
import io.splitvisor.monitor.memory.FrameType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Rows M1 to M20 of registered page tables; after each, counts are exact, and another guest is as it was. */
class RegisteredPagingTest {
    private final Hypervisor hypervisor = new Hypervisor();
    private final RegisteredGuest bystander = new RegisteredGuest(hypervisor);
    private final RegisteredGuest guest = new RegisteredGuest(hypervisor);

    @BeforeEach
    void bystanderRuns() {
        bystander.buildTree();
        assertThat(bystander.ext(MmuExtOp.NEW_BASEPTR, L4)).isZero();
        guest.buildTree();
    }

    @AfterEach
    void nothingIsLeft() {
        RegisteredAudit.check(guest);
        RegisteredAudit.check(bystander);
        assertThat(bystander.walked(0x3000)).isEqualTo(entry(DATA + 3, RIGHTS));
        while (!guest.paging.relinquish(16)) {
            Thread.onSpinWait();
        }
        RegisteredAudit.checkEmpty(guest);
        hypervisor.close();
    }

    @Test
    void shouldWalkWhatWasRegistered() {
        assertThat(guest.walked(0)).isZero();
        assertThat(guest.ext(MmuExtOp.NEW_BASEPTR, L4)).isZero();
        assertThat(guest.walked(0x5000)).isEqualTo(entry(DATA + 5, RIGHTS));
        assertThat(guest.types.type(L4)).isEqualTo(FrameType.L4);
        assertThat(guest.types.type(L1)).isEqualTo(FrameType.L1);
        assertThat(guest.types.type(DATA)).isEqualTo(FrameType.WRITABLE);
        assertThat(guest.update(L1, 20, entry(300, PRESENT | USER))).isZero();
        assertThat(guest.walked(20 << 12)).isEqualTo(entry(300, PRESENT | USER));
        assertThat(guest.peek(L1, 20)).isEqualTo(entry(300, PRESENT | USER));
        assertThat(guest.types.count(300)).isZero();
        assertThat(guest.frames.references(300)).isEqualTo(1);
    }

    @Test
    void shouldGiveEverythingBackWhenTheRootGoes() {
        assertThat(guest.pin(4, L4)).isZero();
        assertThat(guest.ext(MmuExtOp.NEW_BASEPTR, L4)).isZero();
        assertThat(guest.unpin(L4)).isZero();
        int other = 110;
        assertThat(guest.ext(MmuExtOp.NEW_BASEPTR, other)).isZero();
        assertThat(guest.types.count(L1)).isZero();
        assertThat(guest.frames.references(DATA)).isZero();
        assertThat(guest.paging.tables().index().count()).isEqualTo(1);
    }

    @ParameterizedTest
    @CsvSource({"1, 0x80", "1, 0x8", "1, 0x10", "1, 0x4000000000000000", "2, 0x100", "3, 0x8", "4, 0x10", "4, 0x100"})
    void m1_shouldRefuseFlagsThatAreNotTheGuests(int level, String flags) {
        guest.pin(4, L4);
        int table = L4 + 4 - level;
        long before = guest.peek(table, 30);
        long target = level == 1 ? DATA : table + 1;
        assertThat(guest.update(table, 30, entry(target, RIGHTS | Long.decode(flags))))
                .isEqualTo(-XenErrno.EINVAL);
        assertThat(guest.peek(table, 30)).isEqualTo(before);
        assertThat(guest.done()).isZero();
    }

    @Test
    void m2_shouldRefuseAPageThatTheGuestDoesNotHave() {
        guest.pin(4, L4);
        int control = guest.guest.domain().memory().layout().vcpuControl(0);
        assertThat(guest.update(L1, 30, entry(control, RIGHTS))).isEqualTo(-XenErrno.EBUSY);
        guest.guest.domain().memory().reservation().decrease(400, 0);
        assertThat(guest.update(L1, 30, entry(400, RIGHTS))).isEqualTo(-XenErrno.EBUSY);
        assertThat(guest.frames.references(400)).isZero();
    }

    @Test
    void m3_shouldRefuseWhatIsNoPage() {
        guest.pin(4, L4);
        assertThat(guest.update(L1, 30, entry(1 << 20, RIGHTS))).isEqualTo(-XenErrno.EPERM);
        assertThat(guest.update(L1, 30, entry(FrameTable.INVALID, RIGHTS))).isEqualTo(-XenErrno.EINVAL);
        assertThat(guest.update(L2, 30, entry(1 << 20, RIGHTS))).isEqualTo(-XenErrno.EINVAL);
    }

    @ParameterizedTest
    @ValueSource(ints = {L1, L2, L3, L4})
    void m4_shouldNotMapATableWritable(int table) {
        guest.pin(4, L4);
        assertThat(guest.update(L1, 30, entry(table, RIGHTS))).isEqualTo(-XenErrno.EBUSY);
        assertThat(guest.update(L1, 30, entry(table, PRESENT | USER))).isZero();
    }

    @ParameterizedTest
    @ValueSource(ints = {L1, L4})
    void m4_shouldNotCopyIntoATable(int table) {
        guest.pin(4, L4);
        MemorySegment memory = guest.guest.memory();
        GnttabCopyPtr.gmfn(memory, GnttabCopy.source(0), DATA);
        GnttabCopyPtr.domid(memory, GnttabCopy.source(0), DomId.SELF);
        GnttabCopyPtr.gmfn(memory, GnttabCopy.dest(0), table);
        GnttabCopyPtr.domid(memory, GnttabCopy.dest(0), DomId.SELF);
        GnttabCopy.len(memory, 0, 8);
        long before = guest.peek(table, 0);
        assertThat(hypervisor.call(guest.guest, Hypercall.GRANT_TABLE_OP, GrantTableOp.COPY, 0, 1))
                .isZero();
        assertThat(GnttabCopy.status(memory, 0)).isEqualTo(GrantStatus.GENERAL_ERROR);
        assertThat(guest.peek(table, 0)).isEqualTo(before);
    }

    @Test
    void m4_shouldNotMakeATableOfWhatIsWritable() {
        guest.pin(4, L4);
        assertThat(guest.pin(1, DATA)).isEqualTo(-XenErrno.EINVAL);
        assertThat(guest.update(L2, 1, entry(DATA, RIGHTS))).isEqualTo(-XenErrno.EINVAL);
        assertThat(guest.update(L1, 0, 0)).isZero();
        assertThat(guest.pin(1, DATA)).isZero();
        assertThat(guest.unpin(DATA)).isZero();
        int special = guest.guest.domain().memory().layout().sharedInfo();
        assertThat(guest.pin(1, special)).isEqualTo(-XenErrno.EINVAL);
    }

    @Test
    void m4_shouldNotTakeATableForOneOfAnotherLevel() {
        guest.pin(4, L4);
        assertThat(guest.pin(3, L4)).isEqualTo(-XenErrno.EINVAL);
        assertThat(guest.update(L3, 1, entry(L1, RIGHTS))).isEqualTo(-XenErrno.EINVAL);
        assertThat(guest.update(L4, 1, entry(L2, RIGHTS))).isEqualTo(-XenErrno.EINVAL);
    }

    @Test
    void m5_shouldPinAndUnpinOnce() {
        assertThat(guest.pin(4, L4)).isZero();
        assertThat(guest.pin(4, L4)).isEqualTo(-XenErrno.EINVAL);
        assertThat(guest.types.count(L4)).isEqualTo(1);
        assertThat(guest.unpin(L3)).isEqualTo(-XenErrno.EINVAL);
        assertThat(guest.unpin(L4)).isZero();
        assertThat(guest.unpin(L4)).isEqualTo(-XenErrno.EINVAL);
        for (long bad : new long[] {-1, 1 << 20, Long.MAX_VALUE, 1L << 40, (1L << 32) + L4}) {
            assertThat(guest.pin(4, bad)).isEqualTo(-XenErrno.EINVAL);
            assertThat(guest.unpin(bad)).isEqualTo(-XenErrno.EINVAL);
        }
        RegisteredAudit.checkEmpty(guest);
    }

    @ParameterizedTest
    @ValueSource(ints = {256, 260, 271})
    void m6_shouldKeepXensSlots(int slot) {
        guest.poke(L4, slot, entry(L3, RIGHTS));
        guest.pin(4, L4);
        assertThat(guest.update(L4, slot, entry(L3, RIGHTS))).isEqualTo(-XenErrno.EINVAL);
        assertThat(guest.update(L4, slot, 0)).isEqualTo(-XenErrno.EINVAL);
        assertThat(guest.types.count(L3)).isEqualTo(1);
        assertThat(guest.update(L4, 272, entry(L3, RIGHTS))).isZero();
    }

    @Test
    void m7_shouldLookAgainWhenReadOnlyBecomesWritable() {
        guest.pin(4, L4);
        assertThat(guest.update(L1, 30, entry(L1, PRESENT))).isZero();
        assertThat(guest.update(L1, 30, entry(L1, PRESENT | ACCESSED | DIRTY | USER)))
                .isZero();
        assertThat(guest.update(L1, 30, entry(L1, RIGHTS))).isEqualTo(-XenErrno.EBUSY);
        assertThat(guest.types.count(L1)).isEqualTo(1);
    }

    @Test
    void m8_shouldCountTableUsesExactly() {
        guest.pin(4, L4);
        for (int i = 1; i < 512; i++) {
            assertThat(guest.update(L2, i, entry(L1, RIGHTS))).isZero();
        }
        assertThat(guest.types.count(L1)).isEqualTo(512);
        assertThat(guest.unpin(L4)).isZero();
        RegisteredAudit.checkEmpty(guest);
    }

    @ParameterizedTest
    @CsvSource({"2, 0x80", "3, 0x80", "4, 0x80"})
    void m9_shouldRefuseLargePages(int level, String flags) {
        guest.pin(4, L4);
        int table = L4 + 4 - level;
        assertThat(guest.update(table, 9, entry(512, RIGHTS | Long.decode(flags))))
                .isEqualTo(-XenErrno.EINVAL);
    }

    @Test
    void m9_shouldNotMarkSuperpages() {
        assertThat(guest.ext(MmuExtOp.MARK_SUPER, 1L << 50)).isEqualTo(-XenErrno.EOPNOTSUPP);
        assertThat(guest.ext(MmuExtOp.UNMARK_SUPER, 0)).isEqualTo(-XenErrno.EOPNOTSUPP);
        assertThat(guest.ext(14, 0)).isEqualTo(-XenErrno.ENOSYS);
        assertThat(guest.ext(-1, 0)).isEqualTo(-XenErrno.ENOSYS);
    }

    @ParameterizedTest
    @ValueSource(ints = {4, 5, 6, 7})
    void m10_shouldRefuseUnknownCommands(int command) {
        guest.pin(4, L4);
        guest.stageUpdate(0, L1 * 4096L + 8 * 40 | command, 0);
        assertThat(guest.runUpdates(1)).isEqualTo(-XenErrno.ENOSYS);
    }

    @Test
    void m10_shouldStopAtTheFirstErrorAndKeepWhatIsDone() {
        guest.pin(4, L4);
        for (int i = 0; i < 8; i++) {
            long ptr = i == 5 ? 1L << 50 : L1 * 4096L + 8 * (40 + i);
            guest.stageUpdate(i, ptr, entry(300 + i, RIGHTS));
        }
        assertThat(guest.runUpdates(8)).isEqualTo(-XenErrno.EINVAL);
        assertThat(guest.done()).isEqualTo(5);
        assertThat(guest.peek(L1, 44)).isEqualTo(entry(304, RIGHTS));
        assertThat(guest.peek(L1, 46)).isZero();
        assertThat(guest.types.count(304)).isEqualTo(1);
        assertThat(guest.types.count(306)).isZero();
    }

    @Test
    void m10_shouldCopyListsInBeforeAnythingHappens() {
        guest.pin(4, L4);
        assertThat(guest.hypervisor.call(guest.guest, Hypercall.MMU_UPDATE, -16, 1, 0, DomId.SELF))
                .isEqualTo(-XenErrno.EFAULT);
        assertThat(guest.hypervisor.call(guest.guest, Hypercall.MMU_UPDATE, 64, Integer.MAX_VALUE, 0, DomId.SELF))
                .isEqualTo(-XenErrno.EFAULT);
        assertThat(guest.hypervisor.call(guest.guest, Hypercall.MMU_UPDATE, 64, 0, -8, DomId.SELF))
                .isZero();
    }

    /** Of a list of more than 64 pages only the ends are looked at before it is read. */
    @Test
    void m10_shouldDoWhatStandsBeforeAHoleInTheList() {
        int before = 253;
        long list = 701 * 4096L - before * MmuUpdateRequest.SIZE;
        for (int i = 0; i < before; i++) {
            MmuUpdateRequest.ptr(guest.ram, list + i * 16L, 300 * 4096L + i * 8L);
            MmuUpdateRequest.val(guest.ram, list + i * 16L, 1000 + i);
        }
        guest.guest.domain().memory().reservation().decrease(701, 0);
        assertThat(guest.runUpdates(list, 70 * 256, DomId.SELF)).isEqualTo(-XenErrno.EFAULT);
        assertThat(guest.done()).isEqualTo(before);
        assertThat(guest.peek(300, before - 1)).isEqualTo(1000 + before - 1);
        assertThat(guest.peek(300, before)).isZero();
    }

    @Test
    void m10_shouldKeepBitsIfAskedTo() {
        guest.ext(MmuExtOp.NEW_BASEPTR, L4);
        guest.poke(L1, 3, entry(DATA + 3, RIGHTS | ACCESSED | DIRTY));
        guest.stageUpdate(0, L1 * 4096L + 24 | MmuUpdate.PT_UPDATE_PRESERVE_AD, entry(DATA + 3, PRESENT | USER));
        assertThat(guest.runUpdates(1)).isZero();
        assertThat(guest.peek(L1, 3)).isEqualTo(entry(DATA + 3, PRESENT | USER | ACCESSED | DIRTY));
        assertThat(guest.update(L1, 3, entry(DATA + 3, PRESENT | USER))).isZero();
        assertThat(guest.peek(L1, 3)).isEqualTo(entry(DATA + 3, PRESENT | USER));
    }

    @Test
    void shouldWriteToPagesThatAreNoTables() {
        assertThat(guest.update(300, 7, 0x1234_5678_9abcL)).isZero();
        assertThat(guest.peek(300, 7)).isEqualTo(0x1234_5678_9abcL);
    }

    @Test
    void m11_shouldKeepTheOldRootIfTheNewOneIsBad() {
        assertThat(guest.ext(MmuExtOp.NEW_BASEPTR, L4)).isZero();
        int bad = 120;
        guest.poke(bad, 511, entry(DATA, RIGHTS));
        assertThat(guest.ext(MmuExtOp.NEW_BASEPTR, bad)).isEqualTo(-XenErrno.EINVAL);
        assertThat(guest.ext(MmuExtOp.NEW_BASEPTR, 1L << 40)).isEqualTo(-XenErrno.EINVAL);
        assertThat(guest.ext(MmuExtOp.NEW_BASEPTR, L2)).isEqualTo(-XenErrno.EINVAL);
        assertThat(guest.paging.root(0, false)).isEqualTo(L4);
        assertThat(guest.walked(0x1000)).isEqualTo(entry(DATA + 1, RIGHTS));
        assertThat(guest.types.count(bad)).isZero();
    }

    @Test
    void shouldLoadAndDropAUserRoot() {
        assertThat(guest.ext(MmuExtOp.NEW_USER_BASEPTR, L4)).isZero();
        MemorySegment memory = guest.guest.domain().monitorPages().segment();
        assertThat(MonitorHeader.vcpuAcquire(memory, 0, MonitorHeader.USER_ROOT))
                .isNotZero();
        assertThat(MonitorHeader.vcpuAcquire(memory, 0, MonitorHeader.ROOT)).isZero();
        assertThat(guest.ext(MmuExtOp.NEW_USER_BASEPTR, 0)).isZero();
        assertThat(MonitorHeader.vcpuAcquire(memory, 0, MonitorHeader.USER_ROOT))
                .isZero();
        RegisteredAudit.checkEmpty(guest);
    }

    @Test
    void m12_shouldRefuseAddressesWithoutATableAndNotFlushThem() {
        guest.ext(MmuExtOp.NEW_BASEPTR, L4);
        MemorySegment memory = guest.guest.domain().monitorPages().segment();
        for (long linear : new long[] {1L << 47, 1L << 62, 1L << 39, 1L << 30, 1L << 21, -4096}) {
            assertThat(va(linear, entry(300, RIGHTS), UvmFlags.INVLPG | UvmFlags.ALL))
                    .isEqualTo(-XenErrno.EINVAL);
        }
        assertThat(MonitorHeader.vcpuAcquire(memory, 1, MonitorHeader.INVALIDATE))
                .isZero();
        assertThat(va(0x9000, entry(300, RIGHTS), UvmFlags.INVLPG | UvmFlags.ALL))
                .isZero();
        assertThat(MonitorHeader.vcpuAcquire(memory, 1, MonitorHeader.INVALIDATE))
                .isEqualTo(1);
        assertThat(MonitorHeader.vcpuAcquire(memory, 1, MonitorHeader.LINEAR)).isEqualTo(0x9000);
        assertThat(guest.walked(0x9000)).isEqualTo(entry(300, RIGHTS));
    }

    private long va(long linear, long entry, long flags) {
        return hypervisor.call(guest.guest, Hypercall.UPDATE_VA_MAPPING, linear, entry, flags);
    }

    @Test
    void shouldAskTheNamedVcpusToFlush() {
        MemorySegment memory = guest.guest.domain().monitorPages().segment();
        guest.ram.set(ValueLayout.JAVA_LONG, 32, 2L);
        assertThat(guest.ext(MmuExtOp.TLB_FLUSH_MULTI, 0, 32)).isZero();
        assertThat(MonitorHeader.vcpuAcquire(memory, 0, MonitorHeader.FLUSH)).isZero();
        assertThat(MonitorHeader.vcpuAcquire(memory, 1, MonitorHeader.FLUSH)).isEqualTo(1);
        assertThat(guest.guest.isUpcallPending(1)).isTrue();
        assertThat(guest.ext(MmuExtOp.TLB_FLUSH_LOCAL, 0)).isZero();
        assertThat(MonitorHeader.vcpuAcquire(memory, 0, MonitorHeader.FLUSH)).isEqualTo(1);
        assertThat(guest.ext(MmuExtOp.INVLPG_ALL, 0x7000)).isZero();
        assertThat(MonitorHeader.vcpuAcquire(memory, 0, MonitorHeader.LINEAR)).isEqualTo(0x7000);
        assertThat(guest.ext(MmuExtOp.INVLPG_ALL, 1L << 60)).isZero();
        assertThat(MonitorHeader.vcpuAcquire(memory, 0, MonitorHeader.INVALIDATE))
                .isEqualTo(1);
        assertThat(guest.ext(MmuExtOp.TLB_FLUSH_MULTI, 0, -8)).isEqualTo(-XenErrno.EINVAL);
        assertThat(guest.ext(MmuExtOp.FLUSH_CACHE, 0)).isEqualTo(-XenErrno.EACCES);
    }

    @Test
    void shouldClearAndCopyPagesButNotTables() {
        guest.pin(4, L4);
        guest.poke(300, 0, 7);
        assertThat(guest.ext(MmuExtOp.COPY_PAGE, 301, 300)).isZero();
        assertThat(guest.peek(301, 0)).isEqualTo(7);
        assertThat(guest.ext(MmuExtOp.CLEAR_PAGE, 300)).isZero();
        assertThat(guest.peek(300, 0)).isZero();
        assertThat(guest.ext(MmuExtOp.CLEAR_PAGE, L1)).isEqualTo(-XenErrno.EINVAL);
        assertThat(guest.ext(MmuExtOp.COPY_PAGE, L1, 300)).isEqualTo(-XenErrno.EINVAL);
        assertThat(guest.ext(MmuExtOp.COPY_PAGE, 300, 1L << 40)).isEqualTo(-XenErrno.EINVAL);
        assertThat(guest.ext(MmuExtOp.COPY_PAGE, 302, L1)).isZero();
    }

    @Test
    void m14_shouldFlushBeforeAWritablePageBecomesATable() {
        MemorySegment memory = guest.guest.domain().monitorPages().segment();
        guest.pin(4, L4);
        long before = MonitorHeader.generationAcquire(memory);
        assertThat(guest.update(L1, 2, 0)).isZero();
        assertThat(MonitorHeader.generationAcquire(memory)).isEqualTo(before);
        assertThat(guest.pin(1, DATA + 2)).isZero();
        assertThat(MonitorHeader.generationAcquire(memory)).isGreaterThan(before);
    }

    @Test
    void m15_shouldEditTheNewTableAfterASwapInTheSameBatch() {
        guest.ext(MmuExtOp.NEW_BASEPTR, L4);
        int fresh = 130;
        guest.stageUpdate(0, L2 * 4096L, entry(fresh, RIGHTS));
        guest.poke(3, 0, 0);
        long list = 3 * 4096;
        MulticallEntry.op(guest.ram, list, Hypercall.MMU_UPDATE);
        long[] update = {64, 1, 0, DomId.SELF};
        for (int i = 0; i < update.length; i++) {
            MulticallEntry.args(guest.ram, list, i, update[i]);
        }
        long second = list + MulticallEntry.SIZE;
        MulticallEntry.op(guest.ram, second, Hypercall.UPDATE_VA_MAPPING);
        MulticallEntry.args(guest.ram, second, 0, 0x6000);
        MulticallEntry.args(guest.ram, second, 1, entry(310, RIGHTS));
        assertThat(hypervisor.call(guest.guest, Hypercall.MULTICALL, list, 2)).isZero();
        assertThat(MulticallEntry.result(guest.ram, second)).isZero();
        assertThat(guest.peek(fresh, 6)).isEqualTo(entry(310, RIGHTS));
        assertThat(guest.peek(L1, 6)).isEqualTo(entry(DATA + 6, RIGHTS));
        assertThat(guest.walked(0x6000)).isEqualTo(entry(310, RIGHTS));
    }

    @ParameterizedTest
    @CsvSource({
        "8193, 0x1000, -22",
        "-1, 0x1000, -22",
        "1, 0x1008, -22",
        "1, 0x800000000000, -22",
        "8192, 0x1000, 0",
        "0, 1, 0"
    })
    void m17_shouldRefuseBadDescriptorTables(int entries, String linear, long result) {
        assertThat(guest.ext(MmuExtOp.SET_LDT, Long.decode(linear), entries & 0xffff_ffffL))
                .isEqualTo(result);
    }

    @Test
    void m19_shouldTellWhosePagesThoseAre() {
        guest.pin(4, L4);
        int frame = guest.guest.domain().memory().frameOf(300);
        guest.stageUpdate(0, 300L * 4096 | MmuUpdate.MACHPHYS_UPDATE, 555);
        assertThat(guest.runUpdates(1)).isZero();
        assertThat(guest.guest.domain().memory().frameOf(300)).isEqualTo(frame);
        guest.stageUpdate(0, (1L << 40) * 4096 | MmuUpdate.MACHPHYS_UPDATE, 555);
        assertThat(guest.runUpdates(1)).isEqualTo(-XenErrno.EINVAL);
        long foreign = (long) (bystander.guest.domid() + 1) << 16 | DomId.SELF;
        guest.stageUpdate(0, 300L * 4096 | MmuUpdate.MACHPHYS_UPDATE, 555);
        assertThat(guest.runUpdates(1, foreign)).isEqualTo(-XenErrno.EPERM);
        guest.stageUpdate(0, L1 * 4096L, 0);
        assertThat(guest.runUpdates(1, foreign)).isEqualTo(-XenErrno.EPERM);
        assertThat(guest.runUpdates(1, bystander.guest.domid())).isEqualTo(-XenErrno.EPERM);
        assertThat(guest.runUpdates(1, guest.guest.domid())).isEqualTo(-XenErrno.ESRCH);
        assertThat(guest.runUpdates(1, 77)).isEqualTo(-XenErrno.ESRCH);
        assertThat(bystander.peek(L1, 0)).isEqualTo(entry(DATA, RIGHTS));
    }

    @Test
    void m19_shouldAnswerDomainsWithoutPageTables() {
        Guest plain = hypervisor.guest();
        assertThat(hypervisor.call(plain, Hypercall.MMU_UPDATE, 64, 1, 0, DomId.SELF))
                .isEqualTo(-XenErrno.EOPNOTSUPP);
        assertThat(hypervisor.call(plain, Hypercall.MMUEXT_OP, 64, 1, 0, DomId.SELF))
                .isEqualTo(-XenErrno.EINVAL);
        assertThat(hypervisor.call(plain, Hypercall.UPDATE_VA_MAPPING, 0, 0, 0)).isEqualTo(-XenErrno.EOPNOTSUPP);
        for (int command = 0; command < 9; command++) {
            assertThat(hypervisor.call(plain, Hypercall.ARCH_7, command)).isEqualTo(-XenErrno.EOPNOTSUPP);
        }
    }

    @Test
    void m20_shouldNotWalkWhatTheGuestWritesIntoItsOwnPage() {
        guest.ext(MmuExtOp.NEW_BASEPTR, L4);
        guest.poke(L1, 3, entry(L1, RIGHTS));
        guest.poke(L2, 0, entry(DATA, RIGHTS));
        assertThat(guest.walked(0x3000)).isEqualTo(entry(DATA + 3, RIGHTS));
        assertThat(guest.update(L1, 4, 0)).isZero();
        assertThat(guest.update(L1, 3, 0)).isZero();
        assertThat(guest.types.count(DATA + 3)).isZero();
    }

    @Test
    void shouldCountWhatItDoes() {
        MemorySegment memory = guest.guest.domain().monitorPages().segment();
        guest.pin(4, L4);
        for (int i = 0; i < 8; i++) {
            guest.stageUpdate(i, L1 * 4096L + 8 * (40 + i), entry(300 + i, RIGHTS));
        }
        guest.runUpdates(8);
        assertThat(MonitorHeader.counter(memory, PagingCounter.MMU_UPDATE_CALLS))
                .isEqualTo(1);
        assertThat(MonitorHeader.counter(memory, PagingCounter.MMU_UPDATES)).isEqualTo(8);
        assertThat(MonitorHeader.counter(memory, PagingCounter.VALIDATIONS)).isEqualTo(4);
        assertThat(guest.paging.pagesByType()[FrameType.L1.ordinal()]).isEqualTo(1);
    }

    @Test
    void t3_shouldRefuseTablesForWhichThereIsNoRoom() {
        RegisteredGuest small = new RegisteredGuest(hypervisor, 16);
        int made = 0;
        while (made < 64 && small.pin(1, 300 + made) == 0) {
            made++;
        }
        assertThat(made).isEqualTo(16);
        assertThat(small.pin(1, 300 + made)).isEqualTo(-XenErrno.ENOMEM);
        assertThat(small.types.count(300 + made)).isZero();
        assertThat(small.paging.poolLimit(8)).isEqualTo(-XenErrno.ENOMEM);
        RegisteredAudit.check(small);
        for (int i = 0; i < made; i++) {
            assertThat(small.unpin(300 + i)).isZero();
        }
        assertThat(small.paging.poolLimit(8)).isZero();
        RegisteredAudit.checkEmpty(small);
    }
}
