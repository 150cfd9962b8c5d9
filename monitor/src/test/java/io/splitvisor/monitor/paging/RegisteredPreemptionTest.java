// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.paging;

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
import io.splitvisor.abi.XenErrno;
import io.splitvisor.abi.grant.GrantFlags;
import io.splitvisor.abi.grant.GrantStatus;
import io.splitvisor.monitor.Hypervisor;
import io.splitvisor.monitor.grant.ForeignMappings;
import io.splitvisor.monitor.hypercall.HypercallRing;
import io.splitvisor.monitor.memory.FrameTypes;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Rows M13, M16, M18, M21, G7: tables that are validated and undone in slices, and pages that others use, too. */
class RegisteredPreemptionTest {
    private static final int TABLES = 300;
    private static final int FIRST = 400;

    private final Hypervisor hypervisor = new Hypervisor();
    private final RegisteredGuest guest = new RegisteredGuest(hypervisor);
    private final HypercallRing ring = new HypercallRing(guest.guest.domain(), 0, hypervisor.table());

    @AfterEach
    void nothingIsLeft() {
        RegisteredAudit.check(guest);
        hypervisor.close();
    }

    /** A tree whose L2 has many L1s. */
    private void buildLargeTree() {
        guest.buildTree();
        for (int i = 1; i < TABLES; i++) {
            guest.poke(L2, i, entry(FIRST + i, RIGHTS));
            guest.poke(FIRST + i, 7, entry(RegisteredGuest.DATA, RIGHTS));
        }
    }

    private long pinThroughRing() {
        guest.stageExt(0, MmuExtOp.PIN_L4_TABLE, L4, 0);
        return guest.throughRing(ring, Hypercall.MMUEXT_OP, 64, 1, 16, DomId.SELF);
    }

    @Test
    void m16_shouldValidateAndUndoInSlices() {
        buildLargeTree();
        assertThat(pinThroughRing()).isZero();
        assertThat(guest.turns).isGreaterThan(TABLES / 8);
        RegisteredAudit.check(guest);
        assertThat(guest.types.count(RegisteredGuest.DATA)).isEqualTo(TABLES);
        guest.stageExt(0, MmuExtOp.UNPIN_TABLE, L4, 0);
        assertThat(guest.throughRing(ring, Hypercall.MMUEXT_OP, 64, 1, 16, DomId.SELF))
                .isZero();
        assertThat(guest.turns).isGreaterThan(TABLES / 8);
        assertThat(guest.done()).isEqualTo(1);
        RegisteredAudit.checkEmpty(guest);
    }

    @Test
    void m16_shouldUndoWhatFailsAtTheEnd() {
        buildLargeTree();
        guest.poke(FIRST + TABLES - 1, 511, entry(L4, RIGHTS));
        // As the entry that fails says: a table cannot be mapped writable.
        assertThat(pinThroughRing()).isEqualTo(-XenErrno.EBUSY);
        RegisteredAudit.checkEmpty(guest);
        guest.poke(FIRST + TABLES - 1, 511, 0);
        assertThat(pinThroughRing()).isZero();
    }

    @Test
    void m16_shouldCountExactlyInEverySlice() {
        buildLargeTree();
        guest.stageExt(0, MmuExtOp.PIN_L4_TABLE, L4, 0);
        guest.guest.stage(Hypercall.MMUEXT_OP, 64, 1, 16, DomId.SELF);
        guest.guest.push();
        while (guest.guest.results().isEmpty()) {
            ring.serve();
            RegisteredAudit.check(guest);
        }
    }

    @Test
    void m16_shouldLetGoOfWhatTheGuestReplacesMeanwhile() {
        buildLargeTree();
        guest.stageExt(0, MmuExtOp.PIN_L4_TABLE, L4, 0);
        guest.guest.stage(Hypercall.MMUEXT_OP, 64, 1, 16, DomId.SELF);
        guest.guest.push();
        for (int turn = 0; turn < 10; turn++) {
            ring.serve();
        }
        // The L2 that is half validated is not in the L3 any more when the call goes on.
        guest.poke(L3, 0, 0);
        while (guest.guest.results().isEmpty()) {
            ring.serve();
            RegisteredAudit.check(guest);
        }
        assertThat(guest.types.count(L2)).isZero();
        assertThat(guest.types.count(L4)).isEqualTo(1);
    }

    @Test
    void m21_shouldGiveEverythingBackWhenADomainDiesInTheMiddleOfAPin() {
        buildLargeTree();
        guest.ext(MmuExtOp.NEW_USER_BASEPTR, 110);
        guest.stageExt(0, MmuExtOp.PIN_L4_TABLE, L4, 0);
        guest.guest.stage(Hypercall.MMUEXT_OP, 64, 1, 16, DomId.SELF);
        guest.guest.push();
        for (int turn = 0; turn < 12; turn++) {
            ring.serve();
        }
        assertThat(guest.types.isPartial(L4)).isTrue();
        guest.guest.domain().crash("killed");
        int slices = 0;
        while (!guest.paging.relinquish(16)) {
            RegisteredAudit.check(guest);
            slices++;
        }
        assertThat(slices).isPositive();
        RegisteredAudit.checkEmpty(guest);
        assertThat(guest.pin(4, L4)).isEqualTo(-XenErrno.EINVAL);
    }

    @Test
    void t7_shouldTakeLargeTreesDownInSlices() {
        buildLargeTree();
        assertThat(guest.ext(MmuExtOp.NEW_BASEPTR, L4)).isZero();
        int slices = 0;
        while (!guest.paging.relinquish(16)) {
            slices++;
        }
        assertThat(slices).isGreaterThan(TABLES / 4);
        RegisteredAudit.checkEmpty(guest);
    }

    @Test
    void m18_shouldKeepPagesThatTablesNameAfterTheyWereGivenAway() {
        guest.buildTree();
        guest.ext(MmuExtOp.NEW_BASEPTR, L4);
        int pages = guest.guest.domain().memory().reservation().pages();
        assertThat(guest.guest.domain().memory().reservation().decrease(L1, 0)).isTrue();
        assertThat(guest.guest.domain().memory().reservation().decrease(RegisteredGuest.DATA, 0))
                .isTrue();
        assertThat(guest.guest.domain().memory().reservation().pages()).isEqualTo(pages);
        assertThat(guest.walked(0)).isEqualTo(entry(RegisteredGuest.DATA, RIGHTS));
        // Neither is one of them taken for a new frame, nor may it be exchanged.
        assertThat(guest.guest.domain().memory().reservation().populate(L1, 0)).isFalse();
        assertThat(guest.guest
                        .domain()
                        .memory()
                        .reservation()
                        .exchange(new long[] {RegisteredGuest.DATA + 1}, new long[] {RegisteredGuest.DATA + 1}))
                .isEqualTo(-XenErrno.EINVAL);
        assertThat(guest.update(L4, 0, 0)).isZero();
        assertThat(guest.guest.domain().memory().reservation().pages()).isEqualTo(pages - 2);
        RegisteredAudit.check(guest);
        assertThat(guest.guest.domain().memory().reservation().populate(L1, 0)).isTrue();
    }

    @Test
    void t9_shouldGiveAPageToItsNextUserEmpty() {
        guest.poke(300, 9, 77);
        guest.guest.domain().memory().reservation().decrease(300, 0);
        guest.guest.domain().memory().reservation().populate(300, 0);
        assertThat(guest.peek(300, 9)).isZero();
    }

    @Test
    void g7_shouldNotMakeATableOfAPageThatOthersWriteTo() {
        guest.guest.grant(9, GrantFlags.PERMIT_ACCESS, 0, 300);
        ForeignMappings mappings = new ForeignMappings(guest.guest.domain().grants(), 0, 16);
        int first = mappings.map(9, true);
        int second = mappings.map(9, true);
        int reader = mappings.map(9, false);
        assertThat(guest.pin(1, 300)).isEqualTo(-XenErrno.EINVAL);
        mappings.unmap(first);
        assertThat(guest.pin(1, 300)).isEqualTo(-XenErrno.EINVAL);
        mappings.unmap(second);
        assertThat(guest.pin(1, 300)).isZero();
        mappings.unmap(reader);
        assertThat(mappings.map(9, true)).isEqualTo(GrantStatus.GENERAL_ERROR);
        assertThat(guest.guest.grantFlags(9) & (GrantFlags.READING | GrantFlags.WRITING))
                .isZero();
        int readOnly = mappings.map(9, false);
        assertThat(readOnly).isNotNegative();
        mappings.close();
        assertThat(guest.unpin(300)).isZero();
        RegisteredAudit.checkEmpty(guest);
    }

    @Test
    void m13_shouldNotCountBeyondTheHighest() {
        FrameTypes types = guest.types;
        for (int i = 0; i < FrameTypes.MAX_COUNT; i++) {
            if (!types.getWritable(300)) {
                throw new AssertionError("refused at " + i);
            }
        }
        assertThat(types.getWritable(300)).isFalse();
        assertThat(types.count(300)).isEqualTo(FrameTypes.MAX_COUNT);
        guest.buildTree();
        guest.ext(MmuExtOp.NEW_BASEPTR, L4);
        assertThat(guest.update(L1, 30, entry(300, RIGHTS))).isEqualTo(-XenErrno.EBUSY);
        for (int i = 0; i < FrameTypes.MAX_COUNT; i++) {
            types.putWritable(300);
        }
        assertThat(guest.update(L1, 30, entry(300, RIGHTS))).isZero();
    }
}
