// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.grant;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.abi.grant.GrantFlags;
import io.splitvisor.abi.grant.GrantStatus;
import io.splitvisor.attach.DomainLayout;
import io.splitvisor.monitor.Guest;
import io.splitvisor.monitor.Hypervisor;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A guest that writes anything into its table at any time, and users that pin and unpin, against a list of what is in use. */
class GrantTablePropertyTest {
    private static final int STEPS = 30_000;
    private static final int REFS = 4;

    private record Use(int domid, int ref, boolean writable, long offset) {}

    private final List<Use> uses = new ArrayList<>();

    @ParameterizedTest
    @ValueSource(longs = {11, 12, 13, 14})
    void shouldHandOutOnlyPagesOfTheDomainAndCountEveryUse(long seed) {
        try (Hypervisor hypervisor = new Hypervisor()) {
            Guest guest = hypervisor.guest();
            GrantTable table = guest.domain().grants();
            Random random = new Random(seed);
            for (int i = 0; i < STEPS; i++) {
                switch (random.nextInt(4)) {
                    case 0 -> rewrite(guest, random);
                    case 1, 2 -> pin(guest, table, random);
                    default -> unpin(table, random);
                }
                assertThat(table.inUse()).as("step %d", i).isEqualTo((int)
                        uses.stream().mapToInt(Use::ref).distinct().count());
            }
            while (!uses.isEmpty()) {
                unpin(table, random);
            }
            assertThat(table.inUse()).isZero();
        }
    }

    private static void rewrite(Guest guest, Random random) {
        int flags =
                random.nextInt(4) == 0 ? random.nextInt(1 << 16) : GrantFlags.PERMIT_ACCESS | random.nextInt(2) << 2;
        int frame = random.nextInt(4) == 0 ? random.nextInt() : random.nextInt(Hypervisor.RAM_PAGES);
        guest.grant(random.nextInt(REFS), flags, random.nextInt(2), frame);
    }

    private void pin(Guest guest, GrantTable table, Random random) {
        int ref = random.nextInt(REFS);
        int domid = random.nextInt(2);
        boolean writable = random.nextBoolean();
        int flagsBefore = guest.grantFlags(ref);
        long offset = table.pin(domid, ref, writable);
        Use first = uses.stream().filter(use -> use.ref == ref).findFirst().orElse(null);
        if (offset >= 0) {
            assertThat(offset % DomainLayout.PAGE_SIZE).isZero();
            assertThat(offset / DomainLayout.PAGE_SIZE).isLessThan(Hypervisor.RAM_PAGES);
            uses.add(new Use(domid, ref, writable, offset));
            if (first != null) {
                assertThat(domid).isEqualTo(first.domid);
                assertThat(offset).isEqualTo(first.offset);
            } else {
                assertThat(flagsBefore & GrantFlags.TYPE_MASK).isEqualTo(GrantFlags.PERMIT_ACCESS);
                assertThat(guest.grantFlags(ref) & GrantFlags.READING).isNotZero();
            }
        } else {
            assertThat(offset).isIn((long) GrantStatus.GENERAL_ERROR, (long) GrantStatus.BAD_PAGE);
        }
    }

    private void unpin(GrantTable table, Random random) {
        if (!uses.isEmpty()) {
            Use use = uses.remove(random.nextInt(uses.size()));
            table.unpin(use.ref, use.writable);
        }
    }
}
