// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.grant;

import static io.splitvisor.abi.grant.GrantFlags.PERMIT_ACCESS;
import static io.splitvisor.abi.grant.GrantFlags.READING;
import static io.splitvisor.abi.grant.GrantFlags.READONLY;
import static io.splitvisor.abi.grant.GrantFlags.WRITING;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.splitvisor.abi.DomId;
import io.splitvisor.abi.grant.GrantEntryV1;
import io.splitvisor.abi.grant.GrantFlags;
import io.splitvisor.abi.grant.GrantStatus;
import io.splitvisor.attach.DomainLayout;
import io.splitvisor.monitor.Guest;
import io.splitvisor.monitor.Hypervisor;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GrantTableTest {
    private static final int ENTRIES = Hypervisor.GRANT_FRAMES * GrantEntryV1.PER_PAGE;
    private static final int REF = 17;
    private static final int FRAME = 5;
    private static final long PAGE = (long) FRAME * DomainLayout.PAGE_SIZE;

    private final Hypervisor hypervisor = new Hypervisor();
    private final Guest guest = hypervisor.guest();
    private final GrantTable table = guest.domain().grants();

    @AfterEach
    void nothingIsLeft() {
        assertThat(table.inUse()).isZero();
        hypervisor.close();
    }

    @ParameterizedTest
    @ValueSource(ints = {ENTRIES, ENTRIES + 1, 1 << 20, Integer.MAX_VALUE, Integer.MIN_VALUE, -1})
    void g1_shouldRefuseReferencesBeyondTheTable(int ref) {
        assertThat(table.pin(0, ref, false)).isEqualTo(GrantStatus.BAD_GNTREF);
        assertThat(table.pin(0, ref, true)).isEqualTo(GrantStatus.BAD_GNTREF);
    }

    @Test
    void g1_shouldAcceptTheLastReference() {
        guest.grant(ENTRIES - 1, PERMIT_ACCESS, 0, FRAME);
        assertThat(table.pin(0, ENTRIES - 1, true)).isEqualTo(PAGE);
        table.unpin(ENTRIES - 1, true);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 77, 32751, 65535})
    void g2_shouldRefuseADomainThatTheGrantIsNotFor(int domid) {
        guest.grant(REF, PERMIT_ACCESS, domid, FRAME);
        assertThat(table.pin(0, REF, false)).isEqualTo(GrantStatus.GENERAL_ERROR);
        assertThat(guest.grantFlags(REF)).isEqualTo(PERMIT_ACCESS);
    }

    @ParameterizedTest
    @ValueSource(
            ints = {
                GrantFlags.INVALID,
                GrantFlags.ACCEPT_TRANSFER,
                GrantFlags.TRANSITIVE,
                PERMIT_ACCESS | GrantFlags.SUB_PAGE,
                GrantFlags.SUB_PAGE,
                READING | WRITING,
                0xfffc,
            })
    void g2_shouldRefuseEntriesOfOtherTypes(int flags) {
        guest.grant(REF, flags, 0, FRAME);
        assertThat(table.pin(0, REF, false)).isEqualTo(GrantStatus.GENERAL_ERROR);
        assertThat(table.pin(0, REF, true)).isEqualTo(GrantStatus.GENERAL_ERROR);
        assertThat(guest.grantFlags(REF)).isEqualTo(flags);
    }

    @Test
    void g3_shouldMapAReadOnlyGrantForReadingOnly() {
        guest.grant(REF, PERMIT_ACCESS | READONLY, 0, FRAME);
        assertThat(table.pin(0, REF, true)).isEqualTo(GrantStatus.GENERAL_ERROR);
        assertThat(guest.grantFlags(REF)).isEqualTo(PERMIT_ACCESS | READONLY);
        assertThat(table.pin(0, REF, false)).isEqualTo(PAGE);
        assertThat(guest.grantFlags(REF)).isEqualTo(PERMIT_ACCESS | READONLY | READING);
        assertThat(table.pin(0, REF, true)).isEqualTo(GrantStatus.GENERAL_ERROR);
        assertThat(table.inUse()).isEqualTo(1);
        table.unpin(REF, false);
        assertThat(guest.grantFlags(REF)).isEqualTo(PERMIT_ACCESS | READONLY);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void g3_shouldRefuseMoreUsesThanItCanCount(boolean writable) {
        guest.grant(REF, PERMIT_ACCESS, 0, FRAME);
        int uses = 0;
        while (table.pin(0, REF, writable) == PAGE) {
            uses++;
        }
        assertThat(uses).isEqualTo(Short.MAX_VALUE);
        assertThat(table.pin(0, REF, writable)).isEqualTo(GrantStatus.GENERAL_ERROR);
        assertThat(table.inUse()).isEqualTo(1);
        for (int i = 0; i < uses; i++) {
            assertThat(guest.grantFlags(REF) & READING).isNotZero();
            table.unpin(REF, writable);
        }
        assertThat(guest.grantFlags(REF)).isEqualTo(PERMIT_ACCESS);
    }

    @Test
    void g5_shouldGiveUpOnAGranterThatRewritesTheEntryForEver() throws InterruptedException {
        guest.grant(REF, PERMIT_ACCESS, 0, FRAME);
        long at = GrantEntryV1.entry(0, REF);
        AtomicBoolean stop = new AtomicBoolean();
        Thread flipper = Thread.ofPlatform().start(() -> {
            for (int i = 0; !stop.get(); i++) {
                // Never what it was, and never forbidden.
                GrantEntryV1.flagsRelease(guest.grantTable(), at, PERMIT_ACCESS | (i & 7) << 5);
            }
        });
        int refused = 0;
        int pinned = 0;
        try {
            for (int i = 0; i < 200_000; i++) {
                long offset = table.pin(0, REF, true);
                if (offset == PAGE) {
                    table.unpin(REF, true);
                    pinned++;
                } else {
                    assertThat(offset).isEqualTo(GrantStatus.GENERAL_ERROR);
                    refused++;
                }
            }
        } finally {
            stop.set(true);
            flipper.join();
        }
        assertThat(pinned + refused).isEqualTo(200_000);
        assertThat(table.inUse()).isZero();
        assertThat(guest.grantFlags(REF) & (READING | WRITING)).isZero();
    }

    @Test
    void g11_shouldKeepTheInUseBitsUntilTheLastUseEnds() {
        guest.grant(REF, PERMIT_ACCESS, 0, FRAME);
        table.pin(0, REF, false);
        assertThat(guest.grantFlags(REF)).isEqualTo(PERMIT_ACCESS | READING);
        table.pin(0, REF, true);
        table.pin(0, REF, true);
        assertThat(guest.grantFlags(REF)).isEqualTo(PERMIT_ACCESS | READING | WRITING);
        table.unpin(REF, true);
        assertThat(guest.grantFlags(REF)).isEqualTo(PERMIT_ACCESS | READING | WRITING);
        table.unpin(REF, true);
        assertThat(guest.grantFlags(REF)).isEqualTo(PERMIT_ACCESS | READING);
        table.unpin(REF, false);
        assertThat(guest.grantFlags(REF)).isEqualTo(PERMIT_ACCESS);
    }

    @Test
    void g11_shouldKeepTheReadingBitForAWriterThatStaysLongerThanTheReader() {
        guest.grant(REF, PERMIT_ACCESS, 0, FRAME);
        table.pin(0, REF, false);
        table.pin(0, REF, true);
        table.unpin(REF, false);
        assertThat(guest.grantFlags(REF)).isEqualTo(PERMIT_ACCESS | READING | WRITING);
        table.unpin(REF, true);
        assertThat(guest.grantFlags(REF)).isEqualTo(PERMIT_ACCESS);
    }

    @Test
    void g11_shouldNotBeMovedByAGranterThatEndsOrReusesAGrantInUse() {
        guest.grant(REF, PERMIT_ACCESS, 0, FRAME);
        assertThat(table.pin(0, REF, true)).isEqualTo(PAGE);
        guest.grant(REF, GrantFlags.INVALID, 0, 0);
        assertThat(table.inUse()).isEqualTo(1);
        // Used in the same way once more: what was checked counts, not what the entry says now (row G14).
        assertThat(table.pin(0, REF, true)).isEqualTo(PAGE);
        assertThat(table.pin(0, REF, false)).isEqualTo(PAGE);
        table.unpin(REF, true);
        table.unpin(REF, true);
        table.unpin(REF, false);
        assertThat(table.pin(0, REF, false)).isEqualTo(GrantStatus.GENERAL_ERROR);
    }

    @Test
    void g14_shouldUseThePageThatWasCheckedEvenIfTheEntryNamesAnotherNow() {
        guest.grant(REF, PERMIT_ACCESS, 0, FRAME);
        assertThat(table.pin(0, REF, false)).isEqualTo(PAGE);
        guest.grant(REF, PERMIT_ACCESS, 0, FRAME + 1);
        assertThat(table.pin(0, REF, false)).isEqualTo(PAGE);
        assertThat(table.pin(0, REF, true)).isEqualTo(PAGE);
        table.unpin(REF, false);
        table.unpin(REF, false);
        table.unpin(REF, true);
        assertThat(table.pin(0, REF, true)).isEqualTo(PAGE + DomainLayout.PAGE_SIZE);
        table.unpin(REF, true);
    }

    @Test
    void g14_shouldNotLetAnotherDomainInWhileAGrantIsInUse() {
        guest.grant(REF, PERMIT_ACCESS, 0, FRAME);
        table.pin(0, REF, false);
        guest.grant(REF, PERMIT_ACCESS, 7, FRAME + 1);
        assertThat(table.pin(7, REF, false)).isEqualTo(GrantStatus.GENERAL_ERROR);
        table.unpin(REF, false);
        assertThat(table.pin(7, REF, false)).isEqualTo(PAGE + DomainLayout.PAGE_SIZE);
        table.unpin(REF, false);
    }

    @Test
    void g14_shouldCheckTheEntryAgainBeforeTheFirstWrite() {
        guest.grant(REF, PERMIT_ACCESS, 0, FRAME);
        table.pin(0, REF, false);
        guest.grant(REF, PERMIT_ACCESS | READONLY, 0, FRAME);
        assertThat(table.pin(0, REF, true)).isEqualTo(GrantStatus.GENERAL_ERROR);
        table.unpin(REF, false);
    }

    @ParameterizedTest
    @ValueSource(ints = {Hypervisor.RAM_PAGES + 7, 1 << 28, Integer.MAX_VALUE, -1, 1 << 31})
    void shouldRefusePagesThatTheDomainDoesNotHave(int frame) {
        guest.grant(REF, PERMIT_ACCESS, 0, frame);
        assertThat(table.pin(0, REF, true)).isEqualTo(GrantStatus.BAD_PAGE);
        assertThat(guest.grantFlags(REF)).isEqualTo(PERMIT_ACCESS);
        assertThat(table.pin(0, REF, false)).isEqualTo(GrantStatus.BAD_PAGE);
        assertThat(guest.grantFlags(REF)).isEqualTo(PERMIT_ACCESS);
    }

    @Test
    void shouldOfferThePagesOfTheXenstoreAndConsoleRings() {
        DomainLayout layout = guest.domain().memory().layout();
        for (int frame : new int[] {layout.xenstore(), layout.console()}) {
            guest.grant(REF, PERMIT_ACCESS, 0, frame);
            assertThat(table.pin(0, REF, true)).isEqualTo(DomainLayout.bytes(frame));
            table.unpin(REF, true);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, DomId.FIRST_RESERVED - 1, DomId.SELF, DomId.IDLE})
    void shouldRememberAnyDomainAsUser(int domid) {
        guest.grant(REF, PERMIT_ACCESS, domid, FRAME);
        assertThat(table.pin(domid, REF, false)).isEqualTo(PAGE);
        assertThat(table.pin(domid, REF, true)).isEqualTo(PAGE);
        table.unpin(REF, false);
        table.unpin(REF, true);
    }

    @Test
    void g6_shouldNotEndAUseThatIsNot() {
        guest.grant(REF, PERMIT_ACCESS, 0, FRAME);
        table.pin(0, REF, false);
        assertThatThrownBy(() -> table.unpin(REF, true)).isInstanceOf(IllegalStateException.class);
        table.unpin(REF, false);
        assertThatThrownBy(() -> table.unpin(REF, false)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void shouldGrantOnTheDomainsBehalf() {
        table.grant(8, 3, FRAME);
        assertThat(guest.grantFlags(8)).isEqualTo(PERMIT_ACCESS);
        assertThat(table.pin(3, 8, true)).isEqualTo(PAGE);
        table.unpin(8, true);
    }

    @Test
    void shouldOfferNothingOnceItIsRetired() {
        guest.grant(REF, PERMIT_ACCESS, 0, FRAME);
        table.pin(0, REF, true);
        assertThat(table.retire()).isEqualTo(1);
        assertThat(table.pin(0, REF, true)).isEqualTo(GrantStatus.BAD_DOMAIN);
        table.unpin(REF, true);
        assertThat(table.retire()).isZero();
    }
}
