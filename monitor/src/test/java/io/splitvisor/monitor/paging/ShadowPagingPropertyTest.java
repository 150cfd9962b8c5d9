// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.paging;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.abi.paging.PageTableEntry;
import io.splitvisor.abi.paging.PagingCounter;
import io.splitvisor.abi.paging.PagingTrap;
import io.splitvisor.monitor.Hypervisor;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A guest that changes its tables through its own mappings, and invalidates what it changed: whatever it does, it finds what
 * a plain walk of its tables finds, with its accessed and dirty bits, under every kind of shadow and with little room.
 */
class ShadowPagingPropertyTest {
    private static final int STEPS = 6000;

    /** Tables that the guest makes and changes; its first address space maps all RAM. */
    private static final int FIRST = 200;

    private static final int SPACES = 6;
    private static final int TABLES = 5 * SPACES;

    /** From here on there are no tables. */
    private static final int DATA = 300;

    private Random random;
    private ShadowGuest guest;
    private int space;
    private byte[] copy;

    @ParameterizedTest
    @CsvSource({"601, 64, false", "602, 64, true", "603, 12, false", "604, 9, false", "605, 12, true", "606, 200, false"
    })
    void shouldFindWhatThePlainWalkFinds(long seed, int pool, boolean trapEveryWrite) {
        random = new Random(seed);
        try (Hypervisor hypervisor = new Hypervisor()) {
            guest = new ShadowGuest(hypervisor, pool, trapEveryWrite);
            for (int i = 0; i < SPACES; i++) {
                guest.buildIdentity(FIRST + 5 * i);
            }
            space = ShadowGuest.L4;
            int found = 0;
            for (int step = 0; step < STEPS; step++) {
                switch (random.nextInt(8)) {
                    case 0 -> load(random.nextInt(SPACES));
                    case 1, 2, 3 -> change();
                    case 4 -> balloon();
                    default -> found += look(step, seed) ? 1 : 0;
                }
                if (step % 16 == 0) {
                    ShadowAudit.check(guest);
                }
                if (step % 200 == 199) {
                    checkLog();
                }
            }
            assertThat(guest.guest.domain().ended()).isFalse();
            assertThat(found).isGreaterThan(STEPS / 20);
            assertThat(guest.count(PagingCounter.UNSYNCS) > 0).isNotEqualTo(trapEveryWrite);
            while (!guest.paging.relinquish(7)) {
                ShadowAudit.check(guest);
            }
            assertThat(guest.count(PagingCounter.POOL_USED)).isZero();
        }
    }

    /** No frame has changed that is not in the log: begun the first time, and taken each time after that. */
    private void checkLog() {
        BitSet log = new BitSet();
        if (copy == null) {
            assertThat(guest.paging.startLog()).isZero();
            log.set(0, ShadowGuest.PAGES);
        } else {
            log = BitSet.valueOf(guest.paging.readLog(true));
        }
        byte[] now = guest.ram.asSlice(0, ShadowGuest.PAGES * 4096L).toArray(ValueLayout.JAVA_BYTE);
        for (int frame = 1; frame < ShadowGuest.PAGES && copy != null; frame++) {
            int from = frame * 4096;
            if (!log.get(frame)) {
                assertThat(Arrays.equals(now, from, from + 4096, copy, from, from + 4096))
                        .as("frame %d has changed", frame)
                        .isTrue();
            }
        }
        copy = now;
    }

    private void load(int number) {
        space = FIRST + 5 * number;
        assertThat(guest.loadCr3(space)).isZero();
    }

    /** An entry of some table, in the space that maps everything at its own place; then all is flushed, as by a CR3 load. */
    private void change() {
        int before = space;
        guest.loadCr3(ShadowGuest.L4);
        int table = random.nextInt(TABLES);
        int index = random.nextInt(4) == 0 ? random.nextInt(512) : random.nextInt(6);
        guest.writeEntry(FIRST + table, index, entry(table % 5));
        guest.loadCr3(before);
        space = before;
    }

    private long entry(int role) {
        if (random.nextInt(6) == 0) {
            return 0;
        }
        long flags = PageTableEntry.PRESENT;
        flags |= random.nextInt(3) == 0 ? 0 : PageTableEntry.WRITABLE;
        flags |= random.nextInt(4) == 0 ? 0 : PageTableEntry.USER;
        flags |= random.nextInt(8) == 0 ? PageTableEntry.NO_EXECUTE : 0;
        flags |= random.nextInt(8) == 0 ? PageTableEntry.DIRTY | PageTableEntry.ACCESSED : 0;
        flags |= random.nextInt(60) == 0 ? 1L << 40 + random.nextInt(12) : 0;
        boolean large = (role == 1 || role == 2) && random.nextInt(4) == 0;
        if (large) {
            return PageTableEntry.of(role == 1 ? 0 : 512L * random.nextInt(2), flags | PageTableEntry.LARGE);
        }
        boolean upper = role < 3;
        long frame = upper && random.nextInt(8) != 0
                ? FIRST + 5L * random.nextInt(SPACES) + role + 1
                : random.nextInt(ShadowGuest.PAGES);
        return PageTableEntry.of(frame, flags);
    }

    private void balloon() {
        var reservation = guest.guest.domain().memory().reservation();
        long frame = 600 + random.nextInt(16);
        if (random.nextBoolean()) {
            reservation.decrease(frame, 0);
        } else {
            reservation.populate(frame, 0);
        }
    }

    /** An access, and what it is to find. */
    private boolean look(int step, long seed) {
        long linear = (long) random.nextInt(2) << 30
                | (long) random.nextInt(3) << 21
                | (long) (random.nextBoolean() ? 88 + random.nextInt(16) : random.nextInt(512)) << 12
                | 8L * random.nextInt(512);
        int access =
                (random.nextBoolean() ? PagingTrap.WRITE_ACCESS : 0) | (random.nextBoolean() ? PagingTrap.USER : 0);
        PlainWalk expected = PlainWalk.of(guest, space, linear, access);
        long found;
        if (expected.hole()) {
            found = guest.shadowLeaf(linear) == 0 ? guest.trap(PagingTrap.FAULT, linear, access) : 0;
            assertThat(found).isNegative();
            return false;
        }
        found = guest.access(linear, access);
        if (found == Long.MIN_VALUE) {
            // A table: the store is the monitor's, and here it changes nothing.
            long at = expected.address();
            found = guest.trap(
                                    PagingTrap.COMPARE_AND_SET,
                                    linear,
                                    access,
                                    8,
                                    guest.ram.get(ValueLayout.JAVA_LONG, at),
                                    guest.ram.get(ValueLayout.JAVA_LONG, at))
                            == PagingTrap.MENDED
                    ? at
                    : -2;
        }
        assertThat(found)
                .as("seed %d, step %d: %x in %d, access %d", seed, step, linear, space, access)
                .isEqualTo(expected.fault() >= 0 ? -1 - expected.fault() : expected.address());
        expected.checkBits(guest, access);
        boolean stores = (access & PagingTrap.WRITE_ACCESS) != 0 && expected.fault() < 0;
        if (stores && found >>> PageTableEntry.PAGE_SHIFT >= DATA) {
            guest.ram.set(ValueLayout.JAVA_LONG, found, step);
        }
        return expected.fault() < 0;
    }
}
