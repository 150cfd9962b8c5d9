// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.paging;

import static io.splitvisor.abi.paging.PageTableEntry.PRESENT;
import static io.splitvisor.abi.paging.PageTableEntry.USER;
import static io.splitvisor.monitor.paging.RegisteredGuest.L1;
import static io.splitvisor.monitor.paging.RegisteredGuest.L4;
import static io.splitvisor.monitor.paging.RegisteredGuest.RIGHTS;
import static io.splitvisor.monitor.paging.RegisteredGuest.entry;
import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.abi.Hypercall;
import io.splitvisor.abi.MmuExtOp;
import io.splitvisor.abi.XenErrno;
import io.splitvisor.abi.paging.PagingTrap;
import io.splitvisor.monitor.Guest;
import io.splitvisor.monitor.Hypervisor;
import io.splitvisor.monitor.memory.FrameType;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Row M17: descriptor tables; after each test counts are exact, and nothing is left at the end. */
class DescriptorTablesTest {
    private static final long CODE = 0x00af_9a00_0000_ffffL;
    private static final long CODE_RING_3 = 0x00af_fa00_0000_ffffL;
    private static final long TSS = 0x0000_8900_0000_0067L;
    private static final long GATE = 0x0000_8c00_0008_1234L;
    private static final int GDT = 300;
    private static final int LDT = 310;
    private static final int FRAMES = 1024;
    private static final int RESULT = 2048;

    private final Hypervisor hypervisor = new Hypervisor();
    private final RegisteredGuest guest = new RegisteredGuest(hypervisor);

    @BeforeEach
    void guestRuns() {
        guest.buildTree();
        assertThat(guest.ext(MmuExtOp.NEW_BASEPTR, L4)).isZero();
    }

    @AfterEach
    void nothingIsLeft() {
        RegisteredAudit.check(guest);
        while (!guest.paging.relinquish(16)) {
            Thread.onSpinWait();
        }
        RegisteredAudit.checkEmpty(guest);
        hypervisor.close();
    }

    private long setGdt(int entries, long... machines) {
        for (int i = 0; i < machines.length; i++) {
            guest.ram.set(ValueLayout.JAVA_LONG, FRAMES + i * 8L, machines[i]);
        }
        return hypervisor.call(guest.guest, Hypercall.SET_GDT, FRAMES, entries);
    }

    private long update(long page, int index, long descriptor) {
        return hypervisor.call(guest.guest, Hypercall.UPDATE_DESCRIPTOR, page * 4096 + index * 8L, descriptor);
    }

    private long load(int selector) {
        return hypervisor.call(guest.guest, Hypercall.ARCH_7, PagingTrap.DESCRIPTOR, selector, RESULT);
    }

    private long loaded() {
        return guest.ram.get(ValueLayout.JAVA_LONG, RESULT);
    }

    @Test
    void m17_shouldTypeThePagesOfAGdt() {
        guest.poke(GDT, 1, CODE);
        assertThat(setGdt(520, GDT, GDT + 1)).isZero();
        assertThat(guest.types.type(GDT)).isEqualTo(FrameType.SEGDESC);
        assertThat(guest.types.count(GDT)).isEqualTo(1);
        assertThat(guest.frames.references(GDT + 1)).isEqualTo(1);
        assertThat(guest.peek(GDT, 1)).as("segments are of ring 3").isEqualTo(CODE_RING_3);
        assertThat(guest.update(L1, 30, entry(GDT, RIGHTS))).isEqualTo(-XenErrno.EBUSY);
        assertThat(guest.update(L1, 30, entry(GDT, PRESENT | USER))).isZero();
        assertThat(guest.pin(1, GDT)).isEqualTo(-XenErrno.EINVAL);
        assertThat(setGdt(8, GDT)).as("again").isZero();
        assertThat(guest.types.count(GDT)).isEqualTo(1);
        assertThat(guest.types.count(GDT + 1)).isZero();
        assertThat(setGdt(0)).isZero();
        assertThat(guest.types.count(GDT)).isZero();
        assertThat(guest.pin(1, GDT + 1)).as("free for other uses").isZero();
    }

    @Test
    void m17_shouldKeepTheOldGdtIfTheNewOneIsBad() {
        guest.poke(GDT, 1, CODE);
        assertThat(setGdt(8, GDT)).isZero();
        guest.poke(LDT, 5, TSS);
        for (long bad : new long[] {LDT, L1, 200, -1, 1L << 40}) {
            assertThat(setGdt(1024, GDT + 1, bad)).isEqualTo(-XenErrno.EINVAL);
        }
        assertThat(setGdt(7169, GDT)).isEqualTo(-XenErrno.EINVAL);
        assertThat(setGdt(-1, GDT)).isEqualTo(-XenErrno.EINVAL);
        assertThat(hypervisor.call(guest.guest, Hypercall.SET_GDT, -8, 1)).isEqualTo(-XenErrno.EFAULT);
        assertThat(guest.types.count(GDT + 1)).isZero();
        assertThat(load(8)).isZero();
        assertThat(loaded()).isEqualTo(CODE_RING_3);
    }

    @ParameterizedTest
    @CsvSource({
        "0x00af9a000000ffff, 0x00affa000000ffff",
        "0x00cf92000000ffff, 0x00cff2000000ffff",
        "0x0000000000000000, 0x0000000000000000",
        "0x0000090000001234, 0x0000090000001234",
        "0x0000e00000001234, 0x0000e00000001234",
        "0x0000ec0000081234, 0x00008c00000b1234",
        "0x00008c00e0331234, 0x00008c00e0331234"
    })
    void m17_shouldWriteWhatMayStandInATable(String descriptor, String written) {
        assertThat(setGdt(512, GDT)).isZero();
        assertThat(update(GDT, 3, Long.decode(descriptor))).isZero();
        assertThat(guest.peek(GDT, 3)).isEqualTo(Long.decode(written));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "0x0000890000000067",
                "0x0000820000000000",
                "0x00008e0000081234",
                "0x00008f0000081234",
                "0x0000850000080000",
                "0x00008c0100081234",
                "0x00008c00f0001234"
            })
    void m17_shouldRefuseSystemDescriptors(String descriptor) {
        assertThat(setGdt(512, GDT)).isZero();
        assertThat(update(GDT, 3, Long.decode(descriptor))).isEqualTo(-XenErrno.EINVAL);
        assertThat(guest.peek(GDT, 3)).isZero();
        guest.poke(LDT, 511, Long.decode(descriptor));
        assertThat(setGdt(1, LDT)).as("anywhere in the page").isEqualTo(-XenErrno.EINVAL);
    }

    @Test
    void m17_shouldWriteDescriptorsToPagesThatAreNoTables() {
        assertThat(update(GDT, 3, GATE)).isZero();
        assertThat(guest.types.count(GDT)).isZero();
        assertThat(update(L1, 3, CODE)).isEqualTo(-XenErrno.EINVAL);
        assertThat(update(1L << 40, 3, CODE)).isEqualTo(-XenErrno.EINVAL);
        assertThat(hypervisor.call(guest.guest, Hypercall.UPDATE_DESCRIPTOR, GDT * 4096L + 4, CODE))
                .isEqualTo(-XenErrno.EINVAL);
    }

    @Test
    void m17_shouldTakeTheLdtsPagesWhenTheyAreUsedAndNothingBeyondItsLimit() {
        guest.poke(LDT, 2, CODE);
        assertThat(guest.update(L1, 40, entry(LDT, PRESENT | USER))).isZero();
        assertThat(guest.ext(MmuExtOp.SET_LDT, 40 << 12, 3)).isZero();
        assertThat(guest.types.count(LDT)).isZero();
        assertThat(load(2 << 3 | 4)).isZero();
        assertThat(loaded()).isEqualTo(CODE_RING_3);
        assertThat(guest.types.type(LDT)).isEqualTo(FrameType.SEGDESC);
        assertThat(load(3 << 3 | 4)).as("XSA-298").isEqualTo(-XenErrno.EINVAL);
        assertThat(load(2 << 3)).as("no GDT").isEqualTo(-XenErrno.EINVAL);
        assertThat(load(0xffff)).isEqualTo(-XenErrno.EINVAL);
        assertThat(guest.update(L1, 40, 0)).isZero();
        assertThat(guest.types.count(LDT)).as("not mapped any more").isZero();
        assertThat(load(2 << 3 | 4)).isEqualTo(-XenErrno.EINVAL);
    }

    @Test
    void m17_shouldNotTakeAPageThatIsWritableForAnLdt() {
        assertThat(guest.update(L1, 40, entry(LDT, RIGHTS))).isZero();
        assertThat(guest.ext(MmuExtOp.SET_LDT, 40 << 12, 3)).isZero();
        assertThat(load(2 << 3 | 4)).isEqualTo(-XenErrno.EINVAL);
        assertThat(guest.update(L1, 40, entry(LDT, PRESENT))).isZero();
        assertThat(load(2 << 3 | 4)).isZero();
        assertThat(guest.ext(MmuExtOp.SET_LDT, 0, 0)).isZero();
        assertThat(guest.types.count(LDT)).isZero();
    }

    /** The guest's process can write to its page all the same. */
    @Test
    void m20_shouldNotLoadWhatTheGuestWroteIntoATable() {
        assertThat(setGdt(8, GDT)).isZero();
        guest.poke(GDT, 1, TSS);
        assertThat(load(8)).isEqualTo(-XenErrno.EINVAL);
        guest.poke(GDT, 1, CODE);
        assertThat(load(8)).isZero();
        assertThat(loaded()).isEqualTo(CODE_RING_3);
    }

    @Test
    void shouldAnswerDomainsWithoutPageTables() {
        Guest plain = hypervisor.guest();
        assertThat(hypervisor.call(plain, Hypercall.SET_GDT, 64, 1)).isEqualTo(-XenErrno.EOPNOTSUPP);
        assertThat(hypervisor.call(plain, Hypercall.UPDATE_DESCRIPTOR, 64, 1)).isEqualTo(-XenErrno.EOPNOTSUPP);
    }
}
