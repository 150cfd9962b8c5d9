// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.grant;

import static io.splitvisor.abi.grant.GrantFlags.PERMIT_ACCESS;
import static io.splitvisor.abi.grant.GrantFlags.READING;
import static io.splitvisor.abi.grant.GrantFlags.READONLY;
import static io.splitvisor.abi.grant.GrantFlags.WRITING;
import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.abi.XenErrno;
import io.splitvisor.abi.grant.GrantEntryV1;
import io.splitvisor.abi.grant.GrantFlags;
import io.splitvisor.abi.grant.GrantStatus;
import io.splitvisor.attach.DomainLayout;
import io.splitvisor.monitor.Guest;
import io.splitvisor.monitor.Hypervisor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** From version 1 to version 2 and back, and what stands in the way; entries that are swapped. */
class GrantVersionTest {
    private static final int REF = 17;
    private static final int RESERVED = 1;
    private static final int FRAME = 5;
    private static final int USER = 3;
    private static final long PAGE = (long) FRAME * DomainLayout.PAGE_SIZE;

    private final Hypervisor hypervisor = new Hypervisor();
    private final Guest guest = hypervisor.guest();
    private final GrantTable table = guest.domain().grants();

    @AfterEach
    void nothingIsLeft() {
        hypervisor.close();
    }

    private MemorySegment statuses() {
        DomainLayout layout = guest.domain().memory().layout();
        return guest.domain().memory().pages(layout.grantStatus(), layout.grantStatusFrames());
    }

    private static boolean isZero(MemorySegment memory) {
        return memory.mismatch(MemorySegment.ofArray(new byte[(int) memory.byteSize()])) == -1;
    }

    @Test
    void shouldStartInVersionOneAndHaveHalfTheReferencesInVersionTwo() {
        assertThat(table.version()).isEqualTo(1);
        assertThat(table.statusFrames()).isZero();
        assertThat(table.setVersion(2)).isZero();
        assertThat(table.version()).isEqualTo(2);
        assertThat(table.statusFrames()).isEqualTo(1);
        int last = Hypervisor.GRANT_FRAMES * 256 - 1;
        guest.grantPage(last, PERMIT_ACCESS, USER, FRAME);
        assertThat(table.pin(USER, last, true)).isEqualTo(PAGE);
        assertThat(guest.grantStatus(last)).isEqualTo(READING | WRITING);
        assertThat(table.pin(USER, last + 1, true)).isEqualTo(GrantStatus.BAD_GNTREF);
        table.unpin(last, true);
        assertThat(isZero(statuses())).isTrue();
    }

    @Test
    void g15_shouldClearAllEntriesButTheReservedOnes() {
        guest.grant(RESERVED, PERMIT_ACCESS | READONLY, USER, FRAME);
        guest.grant(REF, PERMIT_ACCESS, USER, FRAME);
        assertThat(table.setVersion(2)).isZero();
        assertThat(guest.grantHeader(RESERVED)).isEqualTo(GrantEntryV1.flagsAndDomid(PERMIT_ACCESS | READONLY, USER));
        assertThat(table.pin(USER, RESERVED, false)).isEqualTo(PAGE);
        table.unpin(RESERVED, false);
        assertThat(isZero(guest.grantTable().asSlice(8 * 16))).isTrue();
        guest.grantPage(REF, PERMIT_ACCESS, USER, FRAME);
        assertThat(table.setVersion(1)).isZero();
        assertThat(guest.grantFlags(RESERVED)).isEqualTo(PERMIT_ACCESS | READONLY);
        assertThat(table.pin(USER, RESERVED, false)).isEqualTo(PAGE);
        table.unpin(RESERVED, false);
        assertThat(isZero(guest.grantTable().asSlice(8 * 8))).isTrue();
        assertThat(isZero(statuses())).isTrue();
    }

    @Test
    void g15_shouldKeepTheReservedEntriesInUseThroughTheChange() {
        guest.grant(RESERVED, PERMIT_ACCESS, USER, FRAME);
        assertThat(table.pin(USER, RESERVED, true)).isEqualTo(PAGE);
        assertThat(table.pin(USER, RESERVED, false)).isEqualTo(PAGE);
        assertThat(table.setVersion(2)).isZero();
        assertThat(guest.grantStatus(RESERVED)).isEqualTo(READING | WRITING);
        assertThat(guest.grantHeader(RESERVED)).isEqualTo(GrantEntryV1.flagsAndDomid(PERMIT_ACCESS, USER));
        table.unpin(RESERVED, true);
        assertThat(guest.grantStatus(RESERVED)).isEqualTo(READING);
        assertThat(table.setVersion(1)).isZero();
        assertThat(guest.grantFlags(RESERVED)).isEqualTo(PERMIT_ACCESS | READING);
        table.unpin(RESERVED, false);
        assertThat(guest.grantFlags(RESERVED)).isEqualTo(PERMIT_ACCESS);
    }

    @Test
    void g15_shouldNotChangeWhileOtherGrantsAreInUse() {
        guest.grant(REF, PERMIT_ACCESS, USER, FRAME);
        table.pin(USER, REF, false);
        assertThat(table.setVersion(2)).isEqualTo(-XenErrno.EBUSY);
        assertThat(table.setVersion(1)).as("that is what it is").isZero();
        assertThat(guest.grantFlags(REF)).isEqualTo(PERMIT_ACCESS | READING);
        assertThat(table.version()).isEqualTo(1);
        table.unpin(REF, false);
        assertThat(table.setVersion(2)).isZero();
        guest.grantPage(REF, PERMIT_ACCESS, USER, FRAME);
        table.pin(USER, REF, false);
        assertThat(table.setVersion(1)).isEqualTo(-XenErrno.EBUSY);
        assertThat(guest.grantStatus(REF)).isEqualTo(READING);
        assertThat(guest.grantHeader(REF)).isEqualTo(GrantEntryV1.flagsAndDomid(PERMIT_ACCESS, USER));
        table.unpin(REF, false);
    }

    @Test
    void g15_shouldNotGoBackWhilePartsOfPagesAreInUse() {
        table.setVersion(2);
        guest.grantPart(RESERVED, USER, FRAME, 100, 50);
        CopyEnd end = new CopyEnd(false);
        assertThat(end.claimGrant(table, guest.domid(), RESERVED, USER, domid -> null))
                .isZero();
        assertThat(end.first()).isEqualTo(100);
        assertThat(end.length()).isEqualTo(50);
        assertThat(table.setVersion(1)).isEqualTo(-XenErrno.EAGAIN);
        assertThat(guest.grantStatus(RESERVED)).isEqualTo(READING);
        end.release();
        assertThat(table.setVersion(1)).isZero();
    }

    @Test
    void g15_shouldNotGoBackWhileATransitiveGrantIsFollowed() {
        Guest other = hypervisor.guest();
        table.setVersion(2);
        other.grant(REF, PERMIT_ACCESS, guest.domid(), FRAME);
        guest.grantVia(RESERVED, USER, other.domid(), REF);
        CopyEnd end = new CopyEnd(true);
        int status = end.claimGrant(table, guest.domid(), RESERVED, USER, domid -> {
            // Just now no lock is held: the way back has to see that somebody is on his way.
            assertThat(table.setVersion(1)).isEqualTo(-XenErrno.EAGAIN);
            return other.domain().grants();
        });
        assertThat(status).isZero();
        assertThat(end.pageOffset()).isEqualTo(PAGE);
        assertThat(guest.grantStatus(RESERVED)).isEqualTo(READING | WRITING);
        assertThat(other.grantFlags(REF)).isEqualTo(PERMIT_ACCESS | READING | WRITING);
        assertThat(table.setVersion(1)).isEqualTo(-XenErrno.EAGAIN);
        end.release();
        assertThat(other.grantFlags(REF)).isEqualTo(PERMIT_ACCESS);
        assertThat(guest.grantStatus(RESERVED)).isZero();
        assertThat(table.setVersion(1)).isEqualTo(-XenErrno.ERANGE);
        guest.grantPage(RESERVED, GrantFlags.INVALID, 0, 0);
        assertThat(table.setVersion(1)).isZero();
    }

    @Test
    void g14_shouldTryAgainIfATransitiveGrantTurnsIntoAnotherOnTheWay() {
        Guest other = hypervisor.guest();
        table.setVersion(2);
        other.grant(REF, PERMIT_ACCESS, guest.domid(), FRAME);
        guest.grantVia(REF, USER, other.domid(), REF);
        CopyEnd end = new CopyEnd(false);
        int status = end.claimGrant(table, guest.domid(), REF, USER, domid -> {
            guest.grantPage(REF, PERMIT_ACCESS, USER, FRAME);
            assertThat(table.pin(USER, REF, false)).isEqualTo(PAGE);
            return other.domain().grants();
        });
        assertThat(status).isEqualTo(GrantCopy.AGAIN);
        assertThat(other.grantFlags(REF)).isEqualTo(PERMIT_ACCESS);
        assertThat(guest.grantStatus(REF)).isEqualTo(READING);
        table.unpin(REF, false);
        assertThat(guest.grantStatus(REF)).isZero();
    }

    @Test
    void shouldGoBackOnlyWithEntriesThatVersionOneCanExpress() {
        table.setVersion(2);
        guest.grantPage(RESERVED, PERMIT_ACCESS, USER, 1L << 32);
        assertThat(table.setVersion(1)).isEqualTo(-XenErrno.ERANGE);
        guest.grantVia(RESERVED, USER, 1, 1);
        assertThat(table.setVersion(1)).isEqualTo(-XenErrno.ERANGE);
        guest.grantPage(RESERVED, GrantFlags.ACCEPT_TRANSFER, USER, FRAME);
        assertThat(table.setVersion(1)).isZero();
        assertThat(guest.grantFlags(RESERVED)).isZero();
    }

    @Test
    void g16_shouldHaveOnePageForEachFrame() {
        Guest large = hypervisor.guest(new DomainLayout(Hypervisor.RAM_PAGES, 20, 1));
        DomainLayout layout = large.domain().memory().layout();
        GrantTable grants = large.domain().grants();
        assertThat(grants.page(9)).isEqualTo(layout.grantTable() + 9);
        assertThat(grants.frames()).isEqualTo(10);
        assertThat(grants.statusPage(0)).as("none in version 1").isEqualTo(-XenErrno.EINVAL);
        grants.setVersion(2);
        assertThat(grants.statusPage(0)).isEqualTo(layout.grantStatus());
        assertThat(grants.frames()).isEqualTo(10);
        assertThat(grants.statusPage(2)).isEqualTo(layout.grantStatus() + 2);
        assertThat(grants.frames()).isEqualTo(20);
        for (int index : new int[] {-1, 20, Integer.MAX_VALUE, Integer.MIN_VALUE}) {
            assertThat(grants.page(index)).isEqualTo(-XenErrno.EINVAL);
            assertThat(grants.statusPage(index)).isEqualTo(-XenErrno.EINVAL);
        }
        assertThat(grants.statusPage(3)).isEqualTo(-XenErrno.EINVAL);
    }

    /** The status frames stay the domain's; one that is granted can be used through any change, by nobody else. */
    @Test
    @Timeout(60)
    void g16_shouldHaveNoFrameThatIsFreedByAChangeOfVersion() throws InterruptedException {
        DomainLayout layout = guest.domain().memory().layout();
        AtomicBoolean stop = new AtomicBoolean();
        Thread changer = Thread.ofPlatform().start(() -> {
            for (int i = 0; !stop.get(); i++) {
                table.setVersion(1 + (i & 1));
            }
        });
        int asGranted = 0;
        try {
            // On few processors the changer may hold the lock for as long as it is given one.
            for (int i = 0; i < 20_000 || asGranted == 0; i++) {
                // A frame that is no valid entry where version 1 reads it.
                guest.grantPage(RESERVED, PERMIT_ACCESS, USER, 60);
                long offset = table.pin(USER, RESERVED, true);
                if (offset >= 0) {
                    assertThat(offset).isLessThan(DomainLayout.bytes(layout.vcpuControl(0)));
                    table.unpin(RESERVED, true);
                    asGranted++;
                } else {
                    assertThat(offset).isIn((long) GrantStatus.GENERAL_ERROR, (long) GrantStatus.BAD_PAGE);
                }
            }
        } finally {
            stop.set(true);
            changer.join();
        }
        assertThat(table.inUse()).isZero();
        assertThat(table.setVersion(1)).isZero();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void g18_shouldSwapEntriesThatNobodyUses(int version) {
        table.setVersion(version);
        write(REF, FRAME);
        assertThat(table.swap(REF, REF + 1)).isEqualTo(GrantStatus.OKAY);
        assertThat(table.pin(USER, REF, false)).isEqualTo(GrantStatus.GENERAL_ERROR);
        assertThat(table.pin(USER, REF + 1, false)).isEqualTo(PAGE);
        assertThat(table.swap(REF, REF + 1)).isEqualTo(GrantStatus.EAGAIN);
        assertThat(table.swap(REF + 1, REF)).isEqualTo(GrantStatus.EAGAIN);
        assertThat(table.swap(REF + 1, REF + 1)).isEqualTo(GrantStatus.OKAY);
        table.unpin(REF + 1, false);
        assertThat(table.swap(REF + 1, REF)).isEqualTo(GrantStatus.OKAY);
        assertThat(table.pin(USER, REF, true)).isEqualTo(PAGE);
        table.unpin(REF, true);
    }

    private void write(int ref, int frame) {
        if (table.version() == 1) {
            guest.grant(ref, PERMIT_ACCESS, USER, frame);
        } else {
            guest.grantPage(ref, PERMIT_ACCESS, USER, frame);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void g18_shouldRefuseReferencesBeyondTheTable(int version) {
        table.setVersion(version);
        int count = Hypervisor.GRANT_FRAMES * (version == 1 ? 512 : 256);
        for (int ref : new int[] {-1, count, Integer.MAX_VALUE, Integer.MIN_VALUE}) {
            assertThat(table.swap(REF, ref)).isEqualTo(GrantStatus.BAD_GNTREF);
            assertThat(table.swap(ref, REF)).isEqualTo(GrantStatus.BAD_GNTREF);
        }
        assertThat(table.swap(count - 1, 0)).isEqualTo(GrantStatus.OKAY);
    }

    @Test
    void g5_shouldGiveUpAtOnceOnAnEntryThatChangesInVersionTwo() throws InterruptedException {
        table.setVersion(2);
        AtomicBoolean stop = new AtomicBoolean();
        Thread flipper = Thread.ofPlatform().start(() -> {
            for (int i = 0; !stop.get(); i++) {
                guest.grantPage(REF, (i & 1) == 0 ? PERMIT_ACCESS : GrantFlags.INVALID, USER, FRAME);
            }
        });
        try {
            for (int i = 0; i < 100_000; i++) {
                if (table.pin(USER, REF, true) == PAGE) {
                    assertThat(guest.grantStatus(REF)).isEqualTo(READING | WRITING);
                    table.unpin(REF, true);
                }
                assertThat(guest.grantStatus(REF)).isZero();
            }
        } finally {
            stop.set(true);
            flipper.join();
        }
        assertThat(table.inUse()).isZero();
        assertThat(statuses().get(ValueLayout.JAVA_SHORT, 2L * REF)).isZero();
    }
}
