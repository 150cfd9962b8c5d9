// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.grant;

import static io.splitvisor.abi.grant.GrantFlags.PERMIT_ACCESS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.splitvisor.abi.grant.GrantEntryV1;
import io.splitvisor.abi.grant.GrantFlags;
import io.splitvisor.abi.grant.GrantStatus;
import io.splitvisor.attach.DomainLayout;
import io.splitvisor.backend.GrantException;
import io.splitvisor.backend.GrantMappings.RingPages;
import io.splitvisor.monitor.Guest;
import io.splitvisor.monitor.Hypervisor;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ForeignMappingsTest {
    private static final int LIMIT = 100;

    private final Hypervisor hypervisor = new Hypervisor();
    private final Guest guest = hypervisor.guest();
    private final GrantTable table = guest.domain().grants();
    private final ForeignMappings mappings = new ForeignMappings(table, 0, LIMIT);

    @AfterEach
    void nothingIsLeft() {
        mappings.close();
        assertThat(mappings.mapped()).isZero();
        assertThat(table.inUse()).isZero();
        hypervisor.close();
    }

    private void grantAll(int count) {
        for (int ref = 0; ref < count; ref++) {
            guest.grant(ref, PERMIT_ACCESS, 0, ref % Hypervisor.RAM_PAGES);
        }
    }

    @Test
    void shouldFindThePageBehindAHandle() {
        guest.grant(3, PERMIT_ACCESS, 0, 9);
        guest.memory().set(ValueLayout.JAVA_INT, 9L * DomainLayout.PAGE_SIZE + 8, 4711);
        int handle = mappings.map(3, false);
        assertThat(handle).isNotNegative();
        assertThat(mappings.memory().get(ValueLayout.JAVA_INT, mappings.offset(handle) + 8))
                .isEqualTo(4711);
        assertThat(mappings.mapped()).isEqualTo(1);
        assertThat(mappings.unmap(handle)).isEqualTo(GrantStatus.OKAY);
        assertThat(mappings.mapped()).isZero();
    }

    @Test
    void g1_shouldPassTheTablesRefusalOn() {
        assertThat(mappings.map(1 << 20, true)).isEqualTo(GrantStatus.BAD_GNTREF);
        assertThat(mappings.map(-1, true)).isEqualTo(GrantStatus.BAD_GNTREF);
        assertThat(mappings.map(Integer.MAX_VALUE, true)).isEqualTo(GrantStatus.BAD_GNTREF);
        assertThat(mappings.map(5, true)).isEqualTo(GrantStatus.GENERAL_ERROR);
        assertThat(mappings.mapped()).isZero();
    }

    @Test
    void g4_shouldAnswerNoSpaceBeyondItsLimit() {
        grantAll(LIMIT + 1);
        Set<Integer> handles = new HashSet<>();
        for (int ref = 0; ref < LIMIT; ref++) {
            handles.add(mappings.map(ref, true));
        }
        assertThat(handles).hasSize(LIMIT).allMatch(handle -> handle >= 0);
        assertThat(mappings.map(LIMIT, true)).isEqualTo(GrantStatus.NO_SPACE);
        assertThat(mappings.map(0, false)).isEqualTo(GrantStatus.NO_SPACE);
        assertThat(table.inUse()).isEqualTo(LIMIT);
        assertThat(mappings.unmap(handles.iterator().next())).isEqualTo(GrantStatus.OKAY);
        assertThat(mappings.map(LIMIT, true)).isNotNegative();
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 1, 64, 100_000, Integer.MIN_VALUE, Integer.MAX_VALUE})
    void g6_shouldRefuseHandlesThatWereNeverGivenOut(int handle) {
        grantAll(1);
        assertThat(mappings.map(0, true)).isZero();
        assertThat(mappings.unmap(handle)).isEqualTo(GrantStatus.BAD_HANDLE);
        assertThat(table.inUse()).isEqualTo(1);
    }

    @Test
    void g6_shouldUnmapOnce() {
        grantAll(2);
        int handle = mappings.map(0, true);
        int other = mappings.map(0, true);
        assertThat(mappings.unmap(handle)).isEqualTo(GrantStatus.OKAY);
        assertThat(mappings.unmap(handle)).isEqualTo(GrantStatus.BAD_HANDLE);
        assertThat(table.inUse()).isEqualTo(1);
        assertThat(mappings.unmap(other)).isEqualTo(GrantStatus.OKAY);
        assertThat(mappings.unmap(other)).isEqualTo(GrantStatus.BAD_HANDLE);
    }

    @Test
    void g21_shouldGiveEverythingBackOnClose() {
        grantAll(LIMIT);
        Random random = new Random(3);
        for (int ref = 0; ref < LIMIT - 2; ref++) {
            mappings.map(ref, random.nextBoolean());
        }
        mappings.mapRing(LIMIT - 2, LIMIT - 1);
        assertThat(mappings.mapped()).isEqualTo(LIMIT);
        mappings.close();
        assertThat(mappings.mapped()).isZero();
        assertThat(table.inUse()).isZero();
        for (int ref = 0; ref < LIMIT; ref++) {
            assertThat(guest.grantFlags(ref)).isEqualTo(PERMIT_ACCESS);
        }
    }

    @Test
    void shouldMapARingOfScatteredPagesInTheirOrder() {
        int[] frames = {40, 3, 21, 7};
        for (int i = 0; i < frames.length; i++) {
            guest.grant(10 + i, PERMIT_ACCESS, 0, frames[i]);
            guest.memory().set(ValueLayout.JAVA_INT, (long) frames[i] * DomainLayout.PAGE_SIZE, 100 + i);
        }
        RingPages ring = mappings.mapRing(10, 11, 12, 13);
        assertThat(ring.segment().byteSize()).isEqualTo(4L * DomainLayout.PAGE_SIZE);
        for (int i = 0; i < frames.length; i++) {
            assertThat(ring.segment().get(ValueLayout.JAVA_INT, (long) i * DomainLayout.PAGE_SIZE))
                    .isEqualTo(100 + i);
        }
        ring.segment().set(ValueLayout.JAVA_INT, 2L * DomainLayout.PAGE_SIZE + 4, 55);
        assertThat(guest.memory().get(ValueLayout.JAVA_INT, 21L * DomainLayout.PAGE_SIZE + 4))
                .isEqualTo(55);
        ring.close();
        ring.close();
        assertThat(mappings.mapped()).isZero();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 5, 10})
    void b12_shouldUnmapTheGoodOnesOfABatchWithABadOne(int bad) {
        grantAll(11);
        guest.grant(bad, GrantFlags.INVALID, 0, 0);
        int[] refs = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
        assertThatThrownBy(() -> mappings.mapRing(refs)).isInstanceOfSatisfying(GrantException.class, e -> {
            assertThat(e.ref()).isEqualTo(bad);
            assertThat(e.status()).isEqualTo(GrantStatus.GENERAL_ERROR);
        });
        assertThat(mappings.mapped()).isZero();
        assertThat(table.inUse()).isZero();
    }

    @Test
    void b11_shouldReportTheFirstOfSeveralBadReferences() {
        grantAll(4);
        assertThatThrownBy(() -> mappings.mapRing(0, 1 << 20, 300, 1))
                .isInstanceOfSatisfying(
                        GrantException.class, e -> assertThat(e.status()).isEqualTo(GrantStatus.BAD_GNTREF));
        assertThat(table.inUse()).isZero();
    }

    @Test
    void b12_shouldUnmapTheBatchThatReachesTheLimit() {
        grantAll(LIMIT + 1);
        for (int ref = 0; ref < LIMIT - 3; ref++) {
            mappings.map(ref, true);
        }
        assertThatThrownBy(() -> mappings.mapRing(0, 1, 2, 3))
                .isInstanceOfSatisfying(
                        GrantException.class, e -> assertThat(e.status()).isEqualTo(GrantStatus.NO_SPACE));
        assertThat(mappings.mapped()).isEqualTo(LIMIT - 3);
    }

    @Test
    void shouldMapTheSamePageTwiceInARing() {
        grantAll(1);
        try (RingPages ring = mappings.mapRing(0, 0)) {
            ring.segment().set(ValueLayout.JAVA_INT, 0, 99);
            assertThat(ring.segment().get(ValueLayout.JAVA_INT, DomainLayout.PAGE_SIZE))
                    .isEqualTo(99);
        }
        assertThat(table.inUse()).isZero();
    }

    @Test
    void g4_shouldReuseHandlesWithoutMixingThemUp() {
        int refs = Hypervisor.GRANT_FRAMES * GrantEntryV1.PER_PAGE;
        grantAll(refs);
        Random random = new Random(20);
        List<int[]> held = new ArrayList<>();
        for (int i = 0; i < 50_000; i++) {
            if (held.size() < LIMIT && random.nextInt(5) > 1) {
                int ref = random.nextInt(refs);
                int handle = mappings.map(ref, random.nextBoolean());
                assertThat(handle).isBetween(0, LIMIT);
                held.add(new int[] {handle, ref});
            } else if (!held.isEmpty()) {
                int[] one = held.remove(random.nextInt(held.size()));
                assertThat(mappings.offset(one[0]))
                        .isEqualTo((long) (one[1] % Hypervisor.RAM_PAGES) * DomainLayout.PAGE_SIZE);
                assertThat(mappings.unmap(one[0])).isEqualTo(GrantStatus.OKAY);
            }
            assertThat(mappings.mapped()).isEqualTo(held.size());
        }
    }

    @Test
    void g13_shouldMapNothingOfADyingDomain() {
        grantAll(1);
        assertThat(table.retire()).isZero();
        assertThat(mappings.map(0, true)).isEqualTo(GrantStatus.BAD_DOMAIN);
        assertThatThrownBy(() -> mappings.mapRing(0)).isInstanceOf(GrantException.class);
        assertThat(mappings.mapped()).isZero();
    }
}
