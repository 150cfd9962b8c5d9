// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.hypercall;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.abi.DomId;
import io.splitvisor.abi.Hypercall;
import io.splitvisor.abi.MemoryFlags;
import io.splitvisor.abi.MemoryOp;
import io.splitvisor.abi.XenErrno;
import io.splitvisor.abi.XenMemoryDomain;
import io.splitvisor.abi.XenMemoryExchange;
import io.splitvisor.abi.XenMemoryReservation;
import io.splitvisor.abi.grant.GrantFlags;
import io.splitvisor.attach.DomainLayout;
import io.splitvisor.monitor.Guest;
import io.splitvisor.monitor.Hypervisor;
import io.splitvisor.monitor.memory.GuestMemory;
import io.splitvisor.monitor.memory.Reservation;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ReservationHandlersTest {
    private static final int PAGES = 2048;
    private static final long ARGUMENT = 4096;
    private static final long LIST = 8192;
    private static final long OUT_LIST = 16384;

    private final Hypervisor hypervisor = new Hypervisor();
    private final Guest guest = hypervisor.guest(new DomainLayout(PAGES, 2, 1));
    private final Reservation reservation = guest.domain().memory().reservation();

    @AfterEach
    void nothingIsLeft() {
        hypervisor.close();
    }

    private void list(long at, long... frames) {
        for (int i = 0; i < frames.length; i++) {
            guest.memory().set(ValueLayout.JAVA_LONG, at + 8L * i, frames[i]);
        }
    }

    private void reservation(long at, long list, long extents, int order, int flags) {
        MemorySegment memory = guest.memory();
        XenMemoryReservation.extentStart(memory, at, list);
        XenMemoryReservation.nrExtents(memory, at, extents);
        XenMemoryReservation.extentOrder(memory, at, order);
        XenMemoryReservation.memFlags(memory, at, flags);
        XenMemoryReservation.domid(memory, at, DomId.SELF);
    }

    private long op(int op, long extents, int order, int flags) {
        reservation(ARGUMENT, LIST, extents, order, flags);
        return hypervisor.call(guest, Hypercall.MEMORY_OP, op, ARGUMENT);
    }

    private boolean isHole(long frame) {
        return guest.domain().memory().machineOffset(frame) == GuestMemory.NOT_MEMORY;
    }

    @Test
    void shouldGivePagesBackAndGetThemAgainZeroed() {
        guest.memory().set(ValueLayout.JAVA_LONG, 100 * 4096, 7);
        list(LIST, 100, 200, 300);
        assertThat(op(MemoryOp.DECREASE_RESERVATION, 3, 0, 0)).isEqualTo(3);
        assertThat(isHole(200)).isTrue();
        assertThat(reservation.pages()).isEqualTo(PAGES - 3);
        assertThat(op(MemoryOp.POPULATE_PHYSMAP, 3, 0, 0)).isEqualTo(3);
        assertThat(guest.domain().memory().machineOffset(100)).isEqualTo(100 * 4096);
        assertThat(guest.memory().get(ValueLayout.JAVA_LONG, 100 * 4096)).isZero();
        assertThat(reservation.pages()).isEqualTo(PAGES);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 9})
    void t1_shouldTakeExtentsOfAnyOrderAtAnyFrame(int order) {
        int first = 515;
        list(LIST, first);
        assertThat(op(MemoryOp.DECREASE_RESERVATION, 1, order, 0)).isEqualTo(1);
        assertThat(reservation.pages()).isEqualTo(PAGES - (1 << order));
        assertThat(isHole(first)).isTrue();
        assertThat(isHole(first + (1L << order) - 1)).isTrue();
        assertThat(isHole(first + (1L << order))).isFalse();
        assertThat(op(MemoryOp.POPULATE_PHYSMAP, 1, order, 0)).isEqualTo(1);
        assertThat(reservation.pages()).isEqualTo(PAGES);
    }

    @ParameterizedTest
    @ValueSource(ints = {10, 18, 31, 32, 63, 64, Integer.MAX_VALUE, -1, Integer.MIN_VALUE})
    void h8_shouldDoNothingForOrdersAboveNine(int order) {
        list(LIST, 100);
        for (int op :
                new int[] {MemoryOp.DECREASE_RESERVATION, MemoryOp.POPULATE_PHYSMAP, MemoryOp.INCREASE_RESERVATION}) {
            assertThat(op(op, 1, order, 0)).isZero();
        }
        exchange(1, order, 1, order);
        assertThat(hypervisor.call(guest, Hypercall.MEMORY_OP, MemoryOp.EXCHANGE, ARGUMENT))
                .isEqualTo(-XenErrno.EPERM);
        assertThat(reservation.pages()).isEqualTo(PAGES);
    }

    @ParameterizedTest
    @CsvSource({"0x000100, 1", "0x00ff00, 1", "0x040100, 1", "0x020100, 0", "0x02ff00, 0", "0x00000c, 0", "0x00000d, 1"
    })
    void h9_shouldIgnoreNodesButRefuseAnExactOne(String flags, long done) {
        list(LIST, 100);
        assertThat(op(MemoryOp.DECREASE_RESERVATION, 1, 0, 0)).isEqualTo(1);
        assertThat(op(MemoryOp.POPULATE_PHYSMAP, 1, 0, Integer.decode(flags))).isEqualTo(done);
    }

    @Test
    void shouldNotPopulateOnDemandForItself() {
        list(LIST, 100);
        op(MemoryOp.DECREASE_RESERVATION, 1, 0, 0);
        assertThat(op(MemoryOp.POPULATE_PHYSMAP, 1, 0, MemoryFlags.POPULATE_ON_DEMAND))
                .isZero();
        assertThat(isHole(100)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(longs = {-1, Long.MIN_VALUE, 1L << 26, 1L << 32, 1L << 40})
    void h2_shouldDoNothingForMoreExtentsThanCanBeCounted(long extents) {
        list(LIST, 100);
        assertThat(op(MemoryOp.DECREASE_RESERVATION, extents, 0, 0)).isZero();
        assertThat(reservation.pages()).isEqualTo(PAGES);
    }

    @ParameterizedTest
    @ValueSource(longs = {-1, -8, Long.MAX_VALUE, Long.MIN_VALUE, PAGES * 4096L, PAGES * 4096L - 4})
    void h2_shouldDoNothingWithAListOutside(long list) {
        for (int op : new int[] {MemoryOp.DECREASE_RESERVATION, MemoryOp.POPULATE_PHYSMAP}) {
            reservation(ARGUMENT, list, 1, 0, 0);
            assertThat(hypervisor.call(guest, Hypercall.MEMORY_OP, op, ARGUMENT))
                    .isZero();
        }
        assertThat(hypervisor.call(guest, Hypercall.MEMORY_OP, MemoryOp.DECREASE_RESERVATION, -8))
                .isZero();
    }

    @Test
    void h2_shouldStopWhereTheListEnds() {
        long end = PAGES * 4096L - 16;
        list(end, 100, 101);
        reservation(ARGUMENT, end, 5, 0, 0);
        assertThat(hypervisor.call(guest, Hypercall.MEMORY_OP, MemoryOp.DECREASE_RESERVATION, ARGUMENT))
                .isEqualTo(2);
        assertThat(reservation.pages()).isEqualTo(PAGES - 2);
    }

    @ParameterizedTest
    @CsvSource({"1, 1, 3", "2, 2, 3", "3, 3, 0", "100, 100, 0", "0x3ffffff, 0x3ffffff, 0"})
    void h2_shouldGoOnWhereTheCommandSaysAndNoFurther(String start, String least, int done) {
        list(LIST, 100, 101, 102);
        reservation(ARGUMENT, LIST, 3, 0, 0);
        long command = MemoryOp.DECREASE_RESERVATION | Long.decode(start) << 6;
        long expected = done == 0 ? Long.decode(least) : done;
        assertThat(hypervisor.call(guest, Hypercall.MEMORY_OP, command, ARGUMENT))
                .isEqualTo(expected);
        int taken = done == 0 ? 0 : (int) (done - Long.decode(start));
        assertThat(reservation.pages()).isEqualTo(PAGES - taken);
    }

    @Test
    void h2_shouldNotTakeArgumentsFromAHole() {
        list(LIST, 100);
        op(MemoryOp.DECREASE_RESERVATION, 1, 0, 0);
        XenMemoryDomain.domid(guest.memory(), 99 * 4096L + 4095, DomId.SELF);
        for (long at : new long[] {100 * 4096L, 100 * 4096L + 4094, 99 * 4096L + 4095}) {
            assertThat(hypervisor.call(guest, Hypercall.MEMORY_OP, MemoryOp.CURRENT_RESERVATION, at))
                    .isEqualTo(-XenErrno.EFAULT);
        }
        XenMemoryDomain.domid(guest.memory(), 101 * 4096L, DomId.SELF);
        assertThat(hypervisor.call(guest, Hypercall.MEMORY_OP, MemoryOp.CURRENT_RESERVATION, 101 * 4096L))
                .isEqualTo(PAGES - 1);
    }

    @Test
    void t9_shouldCountOnlyWhatFitsTheLimit() {
        list(LIST, 100, 101, 102);
        op(MemoryOp.DECREASE_RESERVATION, 3, 0, 0);
        reservation.limit(PAGES - 1);
        assertThat(op(MemoryOp.POPULATE_PHYSMAP, 3, 0, 0)).isEqualTo(2);
        assertThat(reservation.pages()).isEqualTo(PAGES - 1);
        assertThat(op(MemoryOp.INCREASE_RESERVATION, 3, 0, 0)).isZero();
        reservation.limit(PAGES);
        assertThat(op(MemoryOp.INCREASE_RESERVATION, 3, 0, 0)).isEqualTo(1);
        assertThat(isHole(102)).isTrue();
    }

    @Test
    void t2_shouldTakeBackWhatItGaveToAnExtentThatDoesNotFit() {
        list(LIST, 100);
        op(MemoryOp.DECREASE_RESERVATION, 1, 2, 0);
        reservation.limit(PAGES - 1);
        assertThat(op(MemoryOp.POPULATE_PHYSMAP, 1, 2, 0)).isZero();
        assertThat(reservation.pages()).isEqualTo(PAGES - 4);
        assertThat(isHole(100)).isTrue();
    }

    @Test
    void m18_shouldKeepAGrantedPageThatSomebodyHasMapped() {
        guest.grant(9, GrantFlags.PERMIT_ACCESS, 0, 100);
        guest.memory().set(ValueLayout.JAVA_LONG, 100 * 4096, 7);
        assertThat(guest.domain().grants().pin(0, 9, true)).isEqualTo(100 * 4096);
        list(LIST, 100);
        assertThat(op(MemoryOp.DECREASE_RESERVATION, 1, 0, 0)).isEqualTo(1);
        assertThat(guest.memory().get(ValueLayout.JAVA_LONG, 100 * 4096)).isEqualTo(7);
        assertThat(reservation.pages()).isEqualTo(PAGES);
        guest.domain().grants().unpin(9, true);
        assertThat(guest.memory().get(ValueLayout.JAVA_LONG, 100 * 4096)).isZero();
        assertThat(reservation.pages()).isEqualTo(PAGES - 1);
    }

    private void exchange(long inExtents, int inOrder, long outExtents, int outOrder) {
        reservation(XenMemoryExchange.in(ARGUMENT), LIST, inExtents, inOrder, 0);
        reservation(XenMemoryExchange.out(ARGUMENT), OUT_LIST, outExtents, outOrder, 0);
        XenMemoryExchange.nrExchanged(guest.memory(), ARGUMENT, 0);
    }

    private long exchange() {
        return hypervisor.call(guest, Hypercall.MEMORY_OP, MemoryOp.EXCHANGE, ARGUMENT);
    }

    @Test
    void shouldExchangePagesForAnExtentOfThem() {
        list(LIST, 100, 300, 500, 700);
        list(OUT_LIST, 300);
        guest.memory().set(ValueLayout.JAVA_LONG, 500 * 4096, 7);
        exchange(4, 0, 1, 2);
        // Frames 301 to 303 are taken.
        assertThat(exchange()).isEqualTo(-XenErrno.EINVAL);
        assertThat(guest.memory().get(ValueLayout.JAVA_LONG, 500 * 4096)).isEqualTo(7);
        list(LIST, 300, 301, 302, 303);
        list(OUT_LIST, 300);
        assertThat(exchange()).isZero();
        list(LIST, 100, 301, 500, 303);
        list(OUT_LIST, 100, 301, 500, 303);
        exchange(4, 0, 4, 0);
        assertThat(exchange()).isZero();
        assertThat(XenMemoryExchange.nrExchanged(guest.memory(), ARGUMENT)).isEqualTo(4);
        assertThat(guest.memory().get(ValueLayout.JAVA_LONG, 500 * 4096)).isZero();
        assertThat(reservation.pages()).isEqualTo(PAGES);
    }

    @Test
    void m18_shouldNotExchangeAPageThatSomebodyHasMapped() {
        guest.grant(9, GrantFlags.PERMIT_ACCESS, 0, 101);
        assertThat(guest.domain().grants().pin(0, 9, false)).isEqualTo(101 * 4096);
        list(LIST, 100, 101);
        list(OUT_LIST, 100, 101);
        exchange(1, 1, 1, 1);
        assertThat(exchange()).isEqualTo(-XenErrno.EINVAL);
        guest.domain().grants().unpin(9, false);
        assertThat(exchange()).isZero();
    }

    @ParameterizedTest
    @CsvSource({"2, 0, 1, 0", "1, 1, 1, 0", "-1, 0, -1, 0", "0x4000000000000000, 2, 0, 0", "1, 9, 2, 9"})
    void h8_shouldRefuseListsThatAreNotTheSameMemory(String inExtents, int inOrder, String outExtents, int outOrder) {
        exchange(Long.decode(inExtents), inOrder, Long.decode(outExtents), outOrder);
        assertThat(exchange()).isEqualTo(-XenErrno.EINVAL);
        assertThat(reservation.pages()).isEqualTo(PAGES);
    }

    @Test
    void h7_shouldNotExchangeBeyondWhatTheCallerClaimsIsDone() {
        list(LIST, 100, 101);
        list(OUT_LIST, 100, 101);
        exchange(2, 0, 2, 0);
        XenMemoryExchange.nrExchanged(guest.memory(), ARGUMENT, 3);
        assertThat(exchange()).isEqualTo(-XenErrno.EINVAL);
        XenMemoryExchange.nrExchanged(guest.memory(), ARGUMENT, 2);
        assertThat(exchange()).isZero();
        // A page twice: the second is gone.
        list(LIST, 100, 100);
        exchange(1, 0, 1, 0);
        reservation(XenMemoryExchange.in(ARGUMENT), LIST, 2, 0, 0);
        reservation(XenMemoryExchange.out(ARGUMENT), OUT_LIST, 1, 1, 0);
        assertThat(exchange()).isEqualTo(-XenErrno.EINVAL);
        assertThat(reservation.pages()).isEqualTo(PAGES);
    }

    @ParameterizedTest
    @ValueSource(ints = {MemoryOp.CURRENT_RESERVATION, MemoryOp.MAXIMUM_RESERVATION, MemoryOp.MAXIMUM_GPFN})
    void shouldTellAboutItselfOnly(int op) {
        Guest other = hypervisor.guest();
        int lastFrame = guest.domain().memory().layout().vcpuControl(0) - 1;
        XenMemoryDomain.domid(guest.memory(), ARGUMENT, guest.domid());
        assertThat(hypervisor.call(guest, Hypercall.MEMORY_OP, op, ARGUMENT))
                .isEqualTo(op == MemoryOp.MAXIMUM_GPFN ? lastFrame : PAGES);
        assertThat(hypervisor.call(guest, Hypercall.MEMORY_OP, op | 1 << 6, ARGUMENT))
                .isEqualTo(-XenErrno.EINVAL);
        XenMemoryDomain.domid(guest.memory(), ARGUMENT, other.domid());
        assertThat(hypervisor.call(guest, Hypercall.MEMORY_OP, op, ARGUMENT)).isEqualTo(-XenErrno.EPERM);
        XenMemoryDomain.domid(guest.memory(), ARGUMENT, 77);
        assertThat(hypervisor.call(guest, Hypercall.MEMORY_OP, op, ARGUMENT)).isEqualTo(-XenErrno.ESRCH);
    }

    @ParameterizedTest
    @ValueSource(ints = {8, 10, 12, 13, 16, 17, 18, 20, 21, 22, 25, 26, 27, 29, 63})
    void h1_shouldNotKnowWhatATranslatedGuestDoesNotGet(int op) {
        assertThat(hypervisor.call(guest, Hypercall.MEMORY_OP, op, ARGUMENT)).isEqualTo(-XenErrno.ENOSYS);
        assertThat(hypervisor.call(guest, Hypercall.MEMORY_OP, op | 1L << 40, ARGUMENT))
                .isEqualTo(-XenErrno.ENOSYS);
    }

    @Test
    void h6_shouldLetOthersInBetweenWhileItTakesTheWholeMemory() {
        for (int i = 0; i < PAGES - 64; i++) {
            guest.memory().set(ValueLayout.JAVA_LONG, LIST + 8L * i, 64 + i);
        }
        reservation(ARGUMENT, LIST, PAGES - 64, 0, 0);
        guest.stage(Hypercall.MEMORY_OP, MemoryOp.DECREASE_RESERVATION, ARGUMENT);
        guest.push();
        HypercallRing ring = new HypercallRing(guest.domain(), 0, hypervisor.table());
        int slices = 0;
        int before = reservation.pages();
        while (ring.serve() > 0) {
            assertThat(before - reservation.pages()).isBetween(1, 64);
            before = reservation.pages();
            slices++;
        }
        assertThat(slices).isGreaterThan(30);
        assertThat(guest.results()).containsExactly(PAGES - 64L);
        assertThat(reservation.pages()).isEqualTo(64);
    }
}
