// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.paging;

import static io.splitvisor.abi.paging.PageTableEntry.ACCESSED;
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

import io.splitvisor.abi.Hypercall;
import io.splitvisor.abi.MmuExtOp;
import io.splitvisor.abi.XenErrno;
import io.splitvisor.monitor.Hypervisor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Rows M7 and M8: linear mappings, with Xen's limits; after each test counts are exact, and nothing is left at the end. */
class LinearMappingTest {
    private static final int SLOT = 510;
    private static final int OTHER = 120;
    private static final long READ_ONLY = PRESENT | USER;

    private final Hypervisor hypervisor = new Hypervisor();
    private final RegisteredGuest guest = new RegisteredGuest(hypervisor);

    @AfterEach
    void nothingIsLeft() {
        RegisteredAudit.check(guest);
        while (!guest.paging.relinquish(16)) {
            Thread.onSpinWait();
        }
        RegisteredAudit.checkEmpty(guest);
        hypervisor.close();
    }

    /** Where the entry of an address at a level is found, if slot {@link #SLOT} of the root leads to the root. */
    private static long linear(long address, int level) {
        long at = address;
        for (int i = 0; i < level; i++) {
            at = (at >>> 9 & 0x7f_ffff_fff8L) | (long) SLOT << 39;
        }
        return at << 16 >> 16;
    }

    /** The machine page that an MMU would find at an address. */
    private long pageAt(long address) {
        return guest.paging.walk(0, address).getLast().frame();
    }

    @Test
    void m7_shouldShowEveryTableThroughASelfMap() {
        guest.buildTree();
        guest.poke(L4, SLOT, entry(L4, READ_ONLY));
        assertThat(guest.ext(MmuExtOp.NEW_BASEPTR, L4)).isZero();
        assertThat(pageAt(linear(0x3000, 1))).isEqualTo(L1);
        assertThat(pageAt(linear(0x3000, 2))).isEqualTo(L2);
        assertThat(pageAt(linear(0x3000, 3))).isEqualTo(L3);
        assertThat(pageAt(linear(0x3000, 4))).isEqualTo(L4);
        assertThat(guest.types.count(L4))
                .as("the root's own entry holds nothing")
                .isEqualTo(1);
        assertThat(guest.frames.references(L4)).isEqualTo(2);
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3, 4})
    void m7_shouldTakeATablesOwnEntryForReadingOnly(int level) {
        guest.buildTree();
        guest.pin(4, L4);
        int table = L4 + 4 - level;
        assertThat(guest.update(table, 5, entry(table, RIGHTS))).isEqualTo(-XenErrno.EINVAL);
        assertThat(guest.update(table, 5, entry(table, READ_ONLY))).isZero();
        assertThat(guest.update(table, 5, entry(table, RIGHTS))).as("XSA-182").isEqualTo(-XenErrno.EINVAL);
        assertThat(guest.update(table, 5, entry(table, READ_ONLY | ACCESSED))).isZero();
        assertThat(guest.update(table, 5, 0)).isZero();
    }

    @Test
    void m7_shouldNotUpdateATableThroughALinearMapping() {
        guest.buildTree();
        guest.poke(L4, SLOT, entry(L4, READ_ONLY));
        assertThat(guest.ext(MmuExtOp.NEW_BASEPTR, L4)).isZero();
        long before = guest.peek(L2, 3);
        long result =
                hypervisor.call(guest.guest, Hypercall.UPDATE_VA_MAPPING, linear(0, 1), entry(DATA + 30, READ_ONLY), 0);
        assertThat(result).as("the walk ends in a table of level 2").isEqualTo(-XenErrno.EINVAL);
        assertThat(guest.peek(L2, 3)).isEqualTo(before);
    }

    @Test
    void m7_shouldShowAnotherAddressSpace() {
        guest.buildTree();
        guest.poke(OTHER, 1, entry(L3, RIGHTS));
        assertThat(guest.pin(4, OTHER)).isZero();
        assertThat(guest.ext(MmuExtOp.NEW_BASEPTR, L4)).isZero();
        assertThat(guest.update(L4, SLOT, entry(OTHER, READ_ONLY))).isZero();
        assertThat(guest.types.count(OTHER)).isEqualTo(2);
        assertThat(pageAt(linear(1L << 39, 1))).isEqualTo(L1);
        assertThat(guest.unpin(OTHER)).isZero();
        assertThat(guest.types.count(OTHER)).as("the entry keeps it").isEqualTo(1);
        assertThat(pageAt(linear(1L << 39, 1))).isEqualTo(L1);
        assertThat(guest.update(L4, SLOT, 0)).isZero();
        assertThat(guest.types.count(OTHER)).isZero();
    }

    @Test
    void m8_shouldGoOneStepOnly() {
        guest.buildTree();
        assertThat(guest.pin(4, L4)).isZero();
        guest.poke(OTHER, SLOT, entry(L4, READ_ONLY));
        assertThat(guest.pin(4, OTHER)).isZero();
        guest.poke(OTHER + 1, SLOT, entry(OTHER, READ_ONLY));
        assertThat(guest.pin(4, OTHER + 1)).as("of one that has such entries").isEqualTo(-XenErrno.EINVAL);
        assertThat(guest.update(L4, 9, entry(OTHER, READ_ONLY)))
                .as("in one that such entries lead to")
                .isEqualTo(-XenErrno.EINVAL);
        assertThat(guest.update(L4, 9, entry(L4, READ_ONLY))).as("but its own").isZero();
        assertThat(guest.update(OTHER, SLOT, 0)).isZero();
        assertThat(guest.pin(4, OTHER + 1)).isZero();
    }

    @Test
    void m8_shouldRefuseWhatIsNoValidTable() {
        guest.buildTree();
        assertThat(guest.pin(4, L4)).isZero();
        guest.poke(OTHER, 511, entry(DATA, RIGHTS));
        assertThat(guest.update(L4, 9, entry(OTHER, READ_ONLY)))
                .as("neither L3 nor L4")
                .isEqualTo(-XenErrno.EINVAL);
        assertThat(guest.update(L4, 9, entry(L2, READ_ONLY))).isEqualTo(-XenErrno.EINVAL);
        assertThat(guest.update(L4, 9, entry(1L << 30, READ_ONLY))).isEqualTo(-XenErrno.EINVAL);
        assertThat(guest.types.count(OTHER)).isZero();
    }

    /** The count has 16 bits: 32768 uses of a table are the most. */
    @Test
    void m8_shouldRefuseMoreUsesThanItCanCount() {
        assertThat(guest.pin(4, L4)).isZero();
        int first = 200;
        int entries = 512 - 16;
        int full = (1 << 15) / entries;
        for (int table = first; table < first + full; table++) {
            for (int i = 0; i < 512; i++) {
                guest.poke(table, i, entry(L4, READ_ONLY));
            }
            assertThat(guest.pin(4, table)).isZero();
        }
        int last = first + full;
        assertThat(guest.pin(4, last)).isZero();
        int rest = (1 << 15) - full * entries;
        for (int i = 0; i < rest; i++) {
            assertThat(guest.update(last, i, entry(L4, READ_ONLY))).isZero();
        }
        assertThat(guest.types.count(L4)).isEqualTo((1 << 15) + 1);
        assertThat(guest.update(last, rest, entry(L4, READ_ONLY))).isEqualTo(-XenErrno.EINVAL);
        assertThat(guest.unpin(first)).isZero();
        assertThat(guest.update(last, rest, entry(L4, READ_ONLY))).isZero();
    }

    /** The page is read-only while a linear mapping shows it, and nobody's when the last one that used it goes. */
    @Test
    void m8_shouldUndoTablesThatShowEachOther() {
        guest.buildTree();
        guest.poke(L4, SLOT, entry(L4, READ_ONLY));
        assertThat(guest.pin(4, L4)).isZero();
        for (int i = 0; i < 5; i++) {
            guest.poke(OTHER + i, SLOT, entry(L4, READ_ONLY));
            guest.poke(OTHER + i, 511, entry(OTHER + i, READ_ONLY));
            assertThat(guest.pin(4, OTHER + i)).isZero();
        }
        assertThat(guest.unpin(L4)).isZero();
        assertThat(guest.types.count(L4)).isEqualTo(5);
        for (int i = 0; i < 5; i++) {
            assertThat(guest.types.count(L3)).isEqualTo(1);
            assertThat(guest.unpin(OTHER + i)).isZero();
        }
        RegisteredAudit.checkEmpty(guest);
    }
}
