// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.paging;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.abi.paging.PageTableEntry;
import io.splitvisor.monitor.Hypervisor;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A hostile guest with two vCPUs: any operation on any page, entries of all kinds, its tables rewritten under the monitor's
 * eyes, each operation interrupted wherever that is possible, and the other vCPU's in between. After each step every count is
 * made anew and compared.
 */
class RegisteredPagingPropertyTest {
    private static final int STEPS = 4000;

    /** Few pages, so that they meet each other in all roles. */
    private static final int FIRST = 64;

    private static final int PAGES = 24;

    /** An operation that may have to be called again. */
    @FunctionalInterface
    private interface Operation {
        int run(Slice slice);
    }

    private Random random;
    private RegisteredGuest guest;

    @ParameterizedTest
    @ValueSource(longs = {501, 502, 503, 504})
    void m16_shouldCountExactlyWhateverTheGuestDoes(long seed) {
        random = new Random(seed);
        int succeeded = 0;
        int restarted = 0;
        try (Hypervisor hypervisor = new Hypervisor()) {
            guest = new RegisteredGuest(hypervisor, 12 + random.nextInt(40));
            Operation[] underWay = new Operation[2];
            for (int step = 0; step < STEPS; step++) {
                scribble();
                int vcpu = random.nextInt(2);
                if (underWay[vcpu] == null) {
                    underWay[vcpu] = operation(vcpu);
                }
                Slice slice = Slice.of(random.nextInt(30));
                int result = RegisteredPaging.RESTART;
                if (guest.paging.settle(slice)) {
                    result = underWay[vcpu].run(slice);
                }
                if (result == RegisteredPaging.RESTART) {
                    restarted++;
                } else {
                    underWay[vcpu] = null;
                    succeeded += result == 0 ? 1 : 0;
                }
                RegisteredAudit.check(guest);
            }
            assertThat(succeeded).as("seed %d", seed).isGreaterThan(STEPS / 40);
            assertThat(restarted).as("seed %d", seed).isGreaterThan(10);
            while (!guest.paging.relinquish(1 + random.nextInt(20))) {
                RegisteredAudit.check(guest);
            }
            RegisteredAudit.checkEmpty(guest);
        }
    }

    private long page() {
        return random.nextInt(40) == 0 ? random.nextLong() >>> 24 : FIRST + random.nextInt(PAGES);
    }

    private long entry() {
        if (random.nextInt(5) == 0) {
            return 0;
        }
        long flags = PageTableEntry.USER | (random.nextInt(8) == 0 ? 0 : PageTableEntry.PRESENT);
        if (random.nextInt(3) == 0) {
            flags |= PageTableEntry.WRITABLE;
        }
        if (random.nextInt(30) == 0) {
            flags |= 1L << random.nextInt(64);
        }
        return PageTableEntry.of(page() & (1L << 40) - 1, flags);
    }

    private int index() {
        return random.nextInt(3) == 0 ? 511 - random.nextInt(3) : random.nextInt(6);
    }

    private void scribble() {
        for (int i = random.nextInt(4); i > 0; i--) {
            guest.poke(FIRST + random.nextInt(PAGES), index(), entry());
        }
        if (random.nextInt(6) == 0) {
            int page = FIRST + random.nextInt(PAGES);
            guest.ram.asSlice(page * 4096L, 4096).fill((byte) 0);
        }
    }

    private Operation operation(int vcpu) {
        RegisteredPaging paging = guest.paging;
        long page = page();
        long second = page();
        int level = 1 + random.nextInt(4);
        long entry = entry();
        boolean keep = random.nextBoolean();
        long address = page * 4096 + index() * 8L;
        long linear = (long) random.nextInt(4) << 39 | (long) index() << 21 | (long) index() << 12;
        return switch (random.nextInt(15)) {
            case 0, 1 -> slice -> paging.pin(vcpu, page, level, slice);
            case 2 -> _ -> paging.unpin(page);
            case 3 -> slice -> paging.newRoot(vcpu, page, slice);
            case 4 -> slice -> paging.newUserRoot(vcpu, random.nextInt(3) == 0 ? 0 : page, slice);
            case 5 -> _ -> paging.updateVa(vcpu, linear, entry);
            case 6 -> _ -> paging.clearPage(page);
            case 7 -> _ -> paging.copyPage(page, second);
            case 8 -> _ -> paging.tellFrame(page, second);
            case 9 -> _ -> balloon();
            case 10 -> _ -> paging.setGdt(vcpu, new long[] {page, second}, random.nextInt(1024));
            case 11 -> _ -> ldt(vcpu, linear);
            case 12 -> _ -> paging.updateDescriptor(address, entry);
            default ->
                slice -> {
                    synchronized (paging.lock()) {
                        return paging.update(vcpu, address, entry, keep, slice);
                    }
                };
        };
    }

    private int ldt(int vcpu, long linear) {
        if (random.nextBoolean()) {
            guest.paging.setLdt(vcpu, linear & -4096, random.nextInt(1024));
        }
        return guest.paging.descriptor(vcpu, random.nextInt(1024) << 3 | 4).isPresent() ? 0 : -1;
    }

    /** Pages that tables name keep their references; the audit counts by pages, not by frames. */
    private int balloon() {
        var reservation = guest.guest.domain().memory().reservation();
        long frame = FIRST + random.nextInt(PAGES);
        boolean done = random.nextBoolean() ? reservation.decrease(frame, 0) : reservation.populate(frame, 0);
        return done ? 0 : -1;
    }
}
