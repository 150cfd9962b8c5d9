// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.paging;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.abi.DomId;
import io.splitvisor.abi.Hypercall;
import io.splitvisor.abi.XenErrno;
import io.splitvisor.abi.XenVersion;
import io.splitvisor.abi.grant.GnttabCopy;
import io.splitvisor.abi.grant.GnttabCopyPtr;
import io.splitvisor.abi.grant.GrantCopyFlags;
import io.splitvisor.abi.grant.GrantFlags;
import io.splitvisor.abi.grant.GrantTableOp;
import io.splitvisor.abi.paging.ExtendedEntry;
import io.splitvisor.abi.paging.MmuFigures;
import io.splitvisor.abi.paging.MonitorHeader;
import io.splitvisor.abi.paging.PageTableEntry;
import io.splitvisor.abi.paging.PagingCounter;
import io.splitvisor.abi.paging.PagingMode;
import io.splitvisor.abi.paging.PagingTrap;
import io.splitvisor.attach.DomainLayout;
import io.splitvisor.monitor.Guest;
import io.splitvisor.monitor.Hypervisor;
import io.splitvisor.monitor.grant.ForeignMappings;
import io.splitvisor.monitor.memory.Reservation;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.BitSet;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Extended page tables; rows T1 to T8. */
class EptPagingTest {
    private static final int PAGES = 2048;

    private final Hypervisor hypervisor = new Hypervisor();
    private final Guest guest = ept(64);
    private final EptPaging paging = (EptPaging) guest.domain().paging();
    private final MemorySegment monitor = guest.domain().monitorPages().segment();
    private final Reservation reservation = guest.domain().memory().reservation();

    private Guest ept(int pool) {
        return hypervisor.guest(new DomainLayout(PAGES, 2, 2), new PagingConfig(PagingMode.EPT, pool, false));
    }

    @AfterEach
    void nothingIsLeft() {
        if (!guest.domain().ended()) {
            checkAll();
        }
        while (!paging.relinquish(1)) {
            Thread.onSpinWait();
        }
        assertThat(count(PagingCounter.POOL_USED)).isEqualTo(1);
        hypervisor.close();
    }

    private long count(PagingCounter counter) {
        return MonitorHeader.counter(monitor, counter);
    }

    private long violation(long frame, int access) {
        return hypervisor.call(guest, Hypercall.ARCH_7, PagingTrap.EPT_VIOLATION, frame << 12 | 5, access);
    }

    /** The leaf for a frame as an MMU finds it from the pointer in the header on; 0 if there is none. */
    private long leaf(long frame) {
        long table = MonitorHeader.eptPointerAcquire(monitor) & PageTableEntry.FRAME_MASK;
        for (int level = 4; ; level--) {
            long at = table + (frame >>> 9 * (level - 1) & 511) * 8;
            long entry = MonitorHeader.entryAcquire(monitor, at);
            assertThat(ExtendedEntry.isMisconfigured(entry, level)).isFalse();
            if (!ExtendedEntry.isPresent(entry)) {
                return 0;
            }
            if (level == 1 || (entry & ExtendedEntry.LARGE) != 0) {
                return entry;
            }
            table = entry & PageTableEntry.FRAME_MASK;
        }
    }

    /** Where a frame leads; -1 for nowhere. */
    private long page(long frame) {
        long leaf = leaf(frame);
        if (leaf == 0) {
            return -1;
        }
        long within = (leaf & ExtendedEntry.LARGE) != 0 ? 511 : 0;
        return PageTableEntry.frame(leaf) + (frame & within);
    }

    /** What is mapped is what the physical map says. */
    private void checkAll() {
        for (int frame = 0; frame < PAGES; frame++) {
            long offset = guest.domain().memory().machineOffset(frame);
            if (leaf(frame) != 0) {
                assertThat(page(frame)).as("frame %d", frame).isEqualTo(offset / 4096);
            }
        }
    }

    @Test
    void shouldFillWithLargeLeavesWhereMemoryIsContiguous() {
        assertThat(leaf(600)).isZero();
        assertThat(violation(600, 0)).isZero();
        assertThat(leaf(600)).isEqualTo(512L << 12 | 7 | 6 << 3 | 0x80);
        assertThat(page(1023)).isEqualTo(1023);
        assertThat(leaf(1024)).isZero();
        assertThat(count(PagingCounter.FILLS)).isEqualTo(1);
    }

    @Test
    void shouldMapSpecialPagesAndNothingElse() {
        DomainLayout layout = guest.domain().memory().layout();
        assertThat(violation(layout.sharedInfo(), PagingTrap.WRITE_ACCESS)).isZero();
        assertThat(page(layout.sharedInfo())).isEqualTo(layout.sharedInfo());
        for (long frame : new long[] {layout.vcpuControl(0), layout.totalPages(), 1L << 28, 1L << 36, 1L << 51}) {
            assertThat(violation(frame, 0)).isEqualTo(-XenErrno.EFAULT);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 3, 9})
    void t1_shouldSplitAndCoalesceAroundHoles(int order) {
        violation(600, 0);
        int first = 515;
        assertThat(reservation.decrease(first, order)).isTrue();
        assertThat(leaf(first)).isZero();
        assertThat(leaf(first - 1) & ExtendedEntry.LARGE).isZero();
        assertThat(violation(first, 0)).isEqualTo(-XenErrno.EFAULT);
        assertThat(count(PagingCounter.SPLITS)).isPositive();
        checkAll();
        assertThat(reservation.populate(first, order)).isTrue();
        for (int frame = 512; frame < 1024; frame++) {
            violation(frame, 0);
        }
        assertThat(leaf(600) & ExtendedEntry.LARGE).isNotZero();
        assertThat(count(PagingCounter.COALESCES)).isPositive();
        assertThat(reservation.pages()).isEqualTo(PAGES);
    }

    @Test
    void t2_shouldChangeNothingWhenAnExtentDoesNotFit() {
        reservation.decrease(700, 3);
        reservation.limit(PAGES - 4);
        violation(600, 0);
        assertThat(reservation.populate(700, 3)).isFalse();
        assertThat(violation(703, 0)).isEqualTo(-XenErrno.EFAULT);
        assertThat(guest.domain().memory().frameOf(700)).isEqualTo(-1);
        assertThat(reservation.pages()).isEqualTo(PAGES - 8);
    }

    @Test
    void t3_shouldStayWithinThePoolAndMakeTablesAnew() {
        assertThat(paging.poolLimit(15)).isEqualTo(-XenErrno.ENOMEM);
        assertThat(paging.poolLimit(65)).isEqualTo(-XenErrno.ENOMEM);
        assertThat(paging.poolLimit(16)).isZero();
        // A page at each of many places far from each other needs three tables of its own.
        for (int i = 1; i < 40; i++) {
            assertThat(guest.domain().memory().physmap().move(i, (long) i << 20))
                    .isZero();
        }
        for (int round = 0; round < 3; round++) {
            for (int i = 1; i < 40; i++) {
                assertThat(violation((long) i << 20, 2)).isZero();
                assertThat(page((long) i << 20)).isEqualTo(i);
                assertThat(count(PagingCounter.POOL_USED)).isLessThanOrEqualTo(16);
            }
        }
        assertThat(guest.domain().ended()).isFalse();
    }

    @Test
    void t3_shouldEndOnlyTheDomainWithoutRoom() {
        Guest tiny = ept(2);
        hypervisor.call(tiny, Hypercall.ARCH_7, PagingTrap.EPT_VIOLATION, 600 << 12, 0);
        assertThat(tiny.domain().ended()).isTrue();
        assertThat(guest.domain().ended()).isFalse();
    }

    @Test
    void t4_shouldMakeANewGenerationBeforeAPageGoesBack() {
        violation(600, 2);
        long generation = MonitorHeader.generationAcquire(monitor);
        AtomicBoolean gone = new AtomicBoolean();
        guest.domain().memory().pin(601);
        reservation.decrease(600, 0);
        gone.set(leaf(600) == 0);
        assertThat(gone).isTrue();
        assertThat(MonitorHeader.generationAcquire(monitor)).isGreaterThan(generation);
        guest.domain().memory().unpin(601 * 4096L);
    }

    @Test
    void t5_shouldNeverShowATableThatIsNotComplete() throws InterruptedException {
        violation(600, 2);
        AtomicBoolean stop = new AtomicBoolean();
        AtomicBoolean wrong = new AtomicBoolean();
        Thread walker = Thread.ofPlatform().start(() -> {
            while (!stop.get()) {
                long page = page(900);
                if (page != -1 && page != 900) {
                    wrong.set(true);
                }
            }
        });
        for (int i = 0; i < 2000; i++) {
            reservation.decrease(700, 0);
            violation(900, 0);
            reservation.populate(700, 0);
            violation(700, 0);
        }
        stop.set(true);
        walker.join();
        assertThat(wrong).isFalse();
        assertThat(count(PagingCounter.COALESCES)).isGreaterThan(1000);
    }

    @Test
    void t6_shouldLetOthersInAfterEveryRefusal() throws InterruptedException {
        violation(1L << 40, 0);
        hypervisor.call(guest, Hypercall.ARCH_7, PagingTrap.EPT_MISCONFIGURATION, -1);
        assertThat(paging.startLog()).isZero();
        assertThat(paging.startLog()).isEqualTo(-XenErrno.EINVAL);
        Thread other = Thread.ofPlatform().start(() -> violation(600, 0));
        other.join(10_000);
        assertThat(other.isAlive()).isFalse();
    }

    @Test
    void t7_shouldTakeTablesDownInSlices() {
        for (int i = 1; i < 10; i++) {
            guest.domain().memory().physmap().move(i, (long) i << 20);
            violation((long) i << 20, 2);
        }
        int slices = 0;
        while (!paging.relinquish(2)) {
            slices++;
        }
        assertThat(slices).isGreaterThan(4);
    }

    private BitSet dirty(boolean take) {
        return BitSet.valueOf(paging.readLog(take));
    }

    @Test
    void shouldLogWhichFramesChange() {
        violation(600, 2);
        violation(1100, 0);
        assertThat(paging.readLog(false)).isNull();
        assertThat(paging.startLog()).isZero();
        assertThat(leaf(600) & ExtendedEntry.WRITE).isZero();
        assertThat(dirty(false)).isEqualTo(new BitSet());
        assertThat(violation(600, 0)).isZero();
        assertThat(violation(600, PagingTrap.WRITE_ACCESS)).isZero();
        assertThat(violation(1500, PagingTrap.WRITE_ACCESS)).isZero();
        assertThat(violation(1501, 0)).isZero();
        assertThat(leaf(600) & ExtendedEntry.RIGHTS).isEqualTo(7);
        assertThat(leaf(601) & ExtendedEntry.RIGHTS).isEqualTo(5);
        assertThat(dirty(true).stream().toArray()).containsExactly(600, 1500);
        assertThat(leaf(600) & ExtendedEntry.WRITE).isZero();
        assertThat(dirty(false)).isEqualTo(new BitSet());
        violation(601, PagingTrap.WRITE_ACCESS);
        assertThat(dirty(false).stream().toArray()).containsExactly(601);
        assertThat(paging.stopLog()).isZero();
        assertThat(leaf(601)).isEqualTo(512L << 12 | 7 | 6 << 3 | 0x80);
    }

    @Test
    void t8_shouldKeepTheLogRightWhileFramesComeAndGo() {
        paging.startLog();
        violation(800, PagingTrap.WRITE_ACCESS);
        reservation.decrease(801, 0);
        guest.grant(9, GrantFlags.PERMIT_ACCESS, 0, 802);
        ForeignMappings mappings = new ForeignMappings(guest.domain().grants(), 0, 4);
        mappings.map(9, true);
        assertThat(dirty(true).stream().toArray()).containsExactly(800, 801, 802);
        assertThat(dirty(true).stream().toArray()).containsExactly(802);
        mappings.close();
        assertThat(dirty(true).stream().toArray()).as("until it was unmapped").containsExactly(802);
        assertThat(dirty(true).stream().toArray()).isEmpty();
        assertThat(paging.stopLog()).isZero();
        assertThat(paging.stopLog()).isEqualTo(-XenErrno.EINVAL);
        assertThat(paging.startLog()).isZero();
        assertThat(dirty(false)).isEqualTo(new BitSet());
    }

    /** An MMU that may still hold a right to write makes everything that it could write to count as changed. */
    @Test
    void t8_shouldWaitForMmusThatHoldOldTranslations() {
        MemorySegment control =
                guest.domain().memory().page(guest.domain().memory().layout().vcpuControl(0));
        MmuFigures.setRelease(control, MmuFigures.SEEN_GENERATION, MonitorHeader.generationAcquire(monitor));
        paging.startLog();
        assertThat(dirty(false).cardinality()).isEqualTo(PAGES);
        assertThat(dirty(true).cardinality()).isEqualTo(PAGES);
        violation(600, PagingTrap.WRITE_ACCESS);
        MmuFigures.setRelease(control, MmuFigures.SEEN_GENERATION, MonitorHeader.generationAcquire(monitor));
        assertThat(dirty(true).cardinality()).as("until it was seen").isEqualTo(PAGES);
        assertThat(dirty(true).stream().toArray()).as("written to by then").containsExactly(600);
        assertThat(dirty(true).stream().toArray()).as("not seen yet").containsExactly(600);
        MmuFigures.setRelease(control, MmuFigures.SEEN_GENERATION, MonitorHeader.generationAcquire(monitor));
        assertThat(dirty(true).stream().toArray()).containsExactly(600);
        assertThat(dirty(true).stream().toArray()).isEmpty();
    }

    @Test
    void t8_shouldLogWhatHypercallsAnswerInto() {
        paging.startLog();
        long answer = 810L * 4096 - 4;
        assertThat(hypervisor.call(guest, Hypercall.XEN_VERSION, XenVersion.EXTRAVERSION, answer))
                .isZero();
        assertThat(dirty(false).stream().toArray()).containsExactly(809, 810);
        assertThat(dirty(true).stream().toArray()).containsExactly(809, 810);
        assertThat(dirty(true).stream().toArray()).isEmpty();
    }

    @Test
    void t8_shouldLogWhatEventsAreWrittenTo() {
        paging.startLog();
        assertThat(guest.domain().scheduling(0).moveInfo(820, 64, 0)).isZero();
        assertThat(dirty(true).stream().toArray()).containsExactly(820);
        assertThat(dirty(true).stream().toArray()).as("still").containsExactly(820);
    }

    @Test
    void t8_shouldLogWhatIsCopiedThroughAGrant() {
        Guest other = ept(64);
        guest.grant(9, GrantFlags.PERMIT_ACCESS, other.domid(), 830);
        paging.startLog();
        long list = 4096;
        GnttabCopy.len(other.memory(), list, 16);
        GnttabCopy.flags(other.memory(), list, GrantCopyFlags.DEST_GREF);
        long from = GnttabCopy.source(list);
        long to = GnttabCopy.dest(list);
        GnttabCopyPtr.gmfn(other.memory(), from, 5);
        GnttabCopyPtr.domid(other.memory(), from, DomId.SELF);
        GnttabCopyPtr.ref(other.memory(), to, 9);
        GnttabCopyPtr.domid(other.memory(), to, guest.domid());
        assertThat(hypervisor.call(other, Hypercall.GRANT_TABLE_OP, GrantTableOp.COPY, list, 1))
                .isZero();
        assertThat(GnttabCopy.status(other.memory(), list)).isZero();
        assertThat(dirty(true).stream().toArray()).containsExactly(830);
        assertThat(dirty(true).stream().toArray()).isEmpty();
    }

    @Test
    void shouldEndADomainWhoseTablesMakeNoSense() {
        violation(600, 0);
        assertThat(hypervisor.call(guest, Hypercall.ARCH_7, PagingTrap.EPT_MISCONFIGURATION, 600 << 12))
                .isZero();
        assertThat(guest.domain().ended()).isFalse();
        long table = MonitorHeader.eptPointerAcquire(monitor) & PageTableEntry.FRAME_MASK;
        long entry = MonitorHeader.entryAcquire(monitor, table);
        MonitorHeader.entryRelease(monitor, table, entry & ~ExtendedEntry.READ);
        hypervisor.call(guest, Hypercall.ARCH_7, PagingTrap.EPT_MISCONFIGURATION, 600 << 12);
        assertThat(guest.domain().ended()).isTrue();
        MonitorHeader.entryRelease(monitor, table, entry);
    }

    @Test
    void shouldShowBothDimensionsOfAWalk() {
        guest.memory().set(ValueLayout.JAVA_LONG, 100 * 4096, PageTableEntry.of(101, 7));
        guest.memory().set(ValueLayout.JAVA_LONG, 101 * 4096, PageTableEntry.of(512, 0x87));
        guest.memory().set(ValueLayout.JAVA_LONG, 101 * 4096, PageTableEntry.of(0, 0x87));
        int control = guest.domain().memory().layout().vcpuControl(0);
        MmuFigures.setRelease(guest.domain().memory().page(control), MmuFigures.CR3, 100 << 12);
        violation(100, 0);
        var steps = paging.walk(0, 700 * 4096);
        assertThat(steps.stream().filter(step -> step.table().equals("guest"))).hasSize(2);
        assertThat(steps.getLast().table()).isEqualTo("ept");
        assertThat(steps).anyMatch(step -> step.level() == 2 && step.table().equals("ept") && step.leaf());
    }
}
