// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.hypercall;

import static io.splitvisor.abi.grant.GrantCopyFlags.DEST_GREF;
import static io.splitvisor.abi.grant.GrantCopyFlags.SOURCE_GREF;
import static io.splitvisor.abi.grant.GrantFlags.PERMIT_ACCESS;
import static io.splitvisor.abi.grant.GrantFlags.READING;
import static io.splitvisor.abi.grant.GrantFlags.READONLY;
import static io.splitvisor.abi.grant.GrantFlags.WRITING;
import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.abi.DomId;
import io.splitvisor.abi.Hypercall;
import io.splitvisor.abi.grant.GnttabCopy;
import io.splitvisor.abi.grant.GnttabCopyPtr;
import io.splitvisor.abi.grant.GrantFlags;
import io.splitvisor.abi.grant.GrantStatus;
import io.splitvisor.abi.grant.GrantTableOp;
import io.splitvisor.attach.DomainLayout;
import io.splitvisor.monitor.Guest;
import io.splitvisor.monitor.Hypervisor;
import io.splitvisor.monitor.grant.GrantTable;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code GNTTABOP_copy}: a driver that maps nothing, and two domains that grant to it. */
class GrantCopyTest {
    private static final int PAGE = DomainLayout.PAGE_SIZE;
    private static final int REF = 11;
    private static final int REF2 = 12;
    private static final int FRAME = 5;
    private static final int OWN = 9;
    private static final short UNTOUCHED = 77;

    private final Hypervisor hypervisor = new Hypervisor();
    private final Guest driver = hypervisor.guest();
    private final Guest front = hypervisor.guest();
    private final Guest other = hypervisor.guest();

    @AfterEach
    void nothingIsLeft() {
        hypervisor.close();
    }

    private record End(long page, int domid, int offset, int flag) {}

    private static End own(int frame, int offset) {
        return new End(frame, DomId.SELF, offset, 0);
    }

    private static End from(Guest granter, int ref, int offset) {
        return new End(Integer.toUnsignedLong(ref), granter.domid(), offset, SOURCE_GREF);
    }

    private static End to(Guest granter, int ref, int offset) {
        return new End(Integer.toUnsignedLong(ref), granter.domid(), offset, DEST_GREF);
    }

    private void write(int index, End source, End dest, int length) {
        MemorySegment memory = driver.memory();
        long at = (long) index * GnttabCopy.SIZE;
        write(memory, GnttabCopy.source(at), source);
        write(memory, GnttabCopy.dest(at), dest);
        GnttabCopy.len(memory, at, length);
        GnttabCopy.flags(memory, at, source.flag | dest.flag);
        GnttabCopy.status(memory, at, UNTOUCHED);
    }

    private static void write(MemorySegment memory, long at, End end) {
        GnttabCopyPtr.gmfn(memory, at, end.page);
        GnttabCopyPtr.domid(memory, at, end.domid);
        GnttabCopyPtr.offset(memory, at, end.offset);
    }

    private int copy(End source, End dest, int length) {
        write(0, source, dest, length);
        assertThat(hypervisor.call(driver, Hypercall.GRANT_TABLE_OP, GrantTableOp.COPY, 0, 1))
                .isZero();
        return GnttabCopy.status(driver.memory(), 0);
    }

    private static MemorySegment page(Guest guest, int frame) {
        return guest.memory().asSlice((long) frame * PAGE, PAGE);
    }

    private static void fill(Guest guest, int frame, int seed) {
        for (int i = 0; i < PAGE; i++) {
            page(guest, frame).set(ValueLayout.JAVA_BYTE, i, (byte) (seed + i * 7));
        }
    }

    private void useVersionTwo(Guest... guests) {
        for (Guest guest : guests) {
            assertThat(guest.domain().grants().setVersion(2)).isZero();
        }
    }

    @ParameterizedTest
    @CsvSource({"0, 0, 4096", "1, 4095, 1", "4095, 0, 1", "100, 200, 3000", "3, 5, 7"})
    void shouldCopyFromAGrantToAPageOfItsOwn(int from, int to, int length) {
        fill(front, FRAME, 1);
        fill(driver, OWN, 2);
        byte[] expected = page(driver, OWN).toArray(ValueLayout.JAVA_BYTE);
        MemorySegment.copy(page(front, FRAME), ValueLayout.JAVA_BYTE, from, expected, to, length);
        front.grant(REF, PERMIT_ACCESS | READONLY, driver.domid(), FRAME);
        assertThat(copy(from(front, REF, from), own(OWN, to), length)).isEqualTo(GrantStatus.OKAY);
        assertThat(page(driver, OWN).toArray(ValueLayout.JAVA_BYTE)).isEqualTo(expected);
        assertThat(front.grantFlags(REF)).isEqualTo(PERMIT_ACCESS | READONLY);
    }

    @Test
    void shouldCopyToAGrantAndBetweenGrantsOfTwoDomains() {
        fill(driver, OWN, 3);
        front.grant(REF, PERMIT_ACCESS, driver.domid(), FRAME);
        assertThat(copy(own(OWN, 0), to(front, REF, 0), PAGE)).isEqualTo(GrantStatus.OKAY);
        assertThat(page(front, FRAME).mismatch(page(driver, OWN))).isEqualTo(-1);
        other.grant(REF2, PERMIT_ACCESS, driver.domid(), FRAME + 1);
        assertThat(copy(from(front, REF, 0), to(other, REF2, 0), PAGE)).isEqualTo(GrantStatus.OKAY);
        assertThat(page(other, FRAME + 1).mismatch(page(driver, OWN))).isEqualTo(-1);
    }

    @Test
    void shouldCopyWithinOneDomain() {
        fill(driver, OWN, 4);
        assertThat(copy(own(OWN, 0), own(OWN + 1, 0), PAGE)).isEqualTo(GrantStatus.OKAY);
        assertThat(page(driver, OWN + 1).mismatch(page(driver, OWN))).isEqualTo(-1);
        driver.grant(REF, PERMIT_ACCESS, driver.domid(), OWN);
        End self = new End(REF, DomId.SELF, 0, SOURCE_GREF);
        assertThat(copy(self, own(OWN + 2, 0), PAGE)).isEqualTo(GrantStatus.OKAY);
        assertThat(page(driver, OWN + 2).mismatch(page(driver, OWN))).isEqualTo(-1);
    }

    @Test
    void shouldReachTheRingsThatAGuestHasOutsideItsRam() {
        fill(driver, OWN, 5);
        int console = front.domain().memory().layout().console();
        front.grant(REF, PERMIT_ACCESS, driver.domid(), console);
        assertThat(copy(own(OWN, 0), to(front, REF, 0), 64)).isEqualTo(GrantStatus.OKAY);
        assertThat(front.domain().memory().page(console).get(ValueLayout.JAVA_BYTE, 3))
                .isEqualTo((byte) (5 + 21));
    }

    @ParameterizedTest
    @CsvSource({"1, 0, 4096", "0, 1, 4096", "4096, 0, 1", "0, 4096, 1", "0, 0, 4097", "65535, 0, 65535", "0, 65535, 1"})
    void g12_shouldRefuseWhatCrossesAPage(int from, int to, int length) {
        front.grant(REF, PERMIT_ACCESS, driver.domid(), FRAME);
        assertThat(copy(from(front, REF, from), own(OWN, to), length)).isEqualTo(GrantStatus.BAD_COPY_ARG);
        assertThat(copy(own(OWN, from), to(front, REF, to), length)).isEqualTo(GrantStatus.BAD_COPY_ARG);
        assertThat(front.grantFlags(REF)).isEqualTo(PERMIT_ACCESS);
    }

    @Test
    void g12_shouldCopyNothingWithoutLookingAtAnything() {
        End nonsense = new End(-1, DomId.IO, 65535, 0);
        assertThat(copy(nonsense, nonsense, 0)).isEqualTo(GrantStatus.OKAY);
    }

    @ParameterizedTest
    @CsvSource({
        "1000, 500, 0",
        "1000, 1, 0",
        "1499, 1, 0",
        "1499, 2, -1",
        "999, 1, -1",
        "999, 501, -1",
        "1000, 501, -1",
        "0, 4096, -1",
        "4000, 97, -10",
    })
    void g12_shouldStayWithinThePartThatIsGranted(int offset, int length, int status) {
        useVersionTwo(front);
        fill(front, FRAME, 6);
        fill(driver, OWN, 7);
        front.grantPart(REF, driver.domid(), FRAME, 1000, 500);
        byte before = page(front, FRAME).get(ValueLayout.JAVA_BYTE, 999);
        assertThat(copy(from(front, REF, offset), own(OWN, 0), length)).isEqualTo(status);
        assertThat(copy(own(OWN, 0), to(front, REF, offset), length)).isEqualTo(status);
        assertThat(front.grantStatus(REF)).isZero();
        assertThat(page(front, FRAME).get(ValueLayout.JAVA_BYTE, 999)).isEqualTo(before);
        assertThat(page(front, FRAME).get(ValueLayout.JAVA_BYTE, 1500)).isEqualTo((byte) (6 + 1500 * 7));
    }

    /** A part that reaches beyond its page is no way out of it. */
    @Test
    void g12_shouldNotLeaveThePageWhateverThePartSays() {
        useVersionTwo(front);
        front.grantPart(REF, driver.domid(), FRAME, 4000, 65535);
        assertThat(copy(from(front, REF, 4000), own(OWN, 0), 97)).isEqualTo(GrantStatus.BAD_COPY_ARG);
        assertThat(copy(from(front, REF, 4000), own(OWN, 0), 96)).isEqualTo(GrantStatus.OKAY);
        front.grantPart(REF, driver.domid(), FRAME, 0, 0);
        assertThat(copy(from(front, REF, 0), own(OWN, 0), 1)).isEqualTo(GrantStatus.GENERAL_ERROR);
    }

    @Test
    void g13_shouldTakeFramesOfItsOwnOnly() {
        End foreign = new End(FRAME, front.domid(), 0, 0);
        assertThat(copy(foreign, own(OWN, 0), 1)).isEqualTo(GrantStatus.PERMISSION_DENIED);
        assertThat(copy(own(OWN, 0), foreign, 1)).isEqualTo(GrantStatus.PERMISSION_DENIED);
        End byNumber = new End(FRAME, driver.domid(), 0, 0);
        assertThat(copy(byNumber, own(OWN, 0), 1)).isEqualTo(GrantStatus.PERMISSION_DENIED);
    }

    @ParameterizedTest
    @ValueSource(ints = {999, DomId.IO, DomId.XEN, DomId.COW, DomId.INVALID, DomId.IDLE, 65535})
    void g22_shouldRefuseDomainsThatAreNone(int dom) {
        End source = new End(REF, dom, 0, SOURCE_GREF);
        assertThat(copy(source, own(OWN, 0), 1)).isEqualTo(GrantStatus.BAD_DOMAIN);
        assertThat(copy(own(OWN, 0), new End(REF, dom, 0, DEST_GREF), 1)).isEqualTo(GrantStatus.BAD_DOMAIN);
    }

    @Test
    void g22_shouldFindNoGrantsInDom0() {
        assertThat(copy(new End(0, 0, 0, SOURCE_GREF), own(OWN, 0), 1)).isEqualTo(GrantStatus.BAD_GNTREF);
    }

    @ParameterizedTest
    @ValueSource(longs = {-1, 1L << 40, Hypervisor.RAM_PAGES + 1000, Long.MIN_VALUE})
    void g13_shouldRefuseFramesThatItDoesNotHave(long frame) {
        assertThat(copy(new End(frame, DomId.SELF, 0, 0), own(OWN, 0), 1)).isEqualTo(GrantStatus.BAD_PAGE);
        assertThat(copy(own(OWN, 0), new End(frame, DomId.SELF, 0, 0), 1)).isEqualTo(GrantStatus.BAD_PAGE);
    }

    @Test
    void g13_shouldLetGoOfTheFirstEndIfTheSecondFails() {
        front.grant(REF, PERMIT_ACCESS, driver.domid(), FRAME);
        assertThat(copy(from(front, REF, 0), to(front, 1 << 20, 0), 1)).isEqualTo(GrantStatus.BAD_GNTREF);
        assertThat(copy(from(front, REF, 0), to(front, REF2, 0), 1)).isEqualTo(GrantStatus.GENERAL_ERROR);
        assertThat(copy(from(front, REF, 0), own(1 << 20, 0), 1)).isEqualTo(GrantStatus.BAD_PAGE);
        assertThat(front.grantFlags(REF)).isEqualTo(PERMIT_ACCESS);
        assertThat(front.domain().grants().inUse()).isZero();
    }

    @Test
    void g13_shouldTakeNothingFromADomainThatDies() {
        useVersionTwo(front);
        front.grantPage(REF, PERMIT_ACCESS, driver.domid(), FRAME);
        front.grantVia(REF2, driver.domid(), other.domid(), REF);
        other.grant(REF, PERMIT_ACCESS, front.domid(), FRAME);
        other.domain().grants().retire();
        assertThat(copy(from(front, REF2, 0), own(OWN, 0), 1)).isEqualTo(GrantStatus.BAD_DOMAIN);
        assertThat(front.grantStatus(REF2)).isZero();
        front.domain().grants().retire();
        assertThat(copy(from(front, REF, 0), own(OWN, 0), 1)).isEqualTo(GrantStatus.BAD_DOMAIN);
        assertThat(copy(own(OWN, 0), to(front, REF, 0), 1)).isEqualTo(GrantStatus.BAD_DOMAIN);
        assertThat(front.grantStatus(REF)).isZero();
    }

    @Test
    void g3_shouldNotWriteToWhatIsGrantedForReading() {
        front.grant(REF, PERMIT_ACCESS | READONLY, driver.domid(), FRAME);
        assertThat(copy(own(OWN, 0), to(front, REF, 0), 1)).isEqualTo(GrantStatus.GENERAL_ERROR);
        useVersionTwo(front);
        front.grantPage(REF, PERMIT_ACCESS | READONLY, driver.domid(), FRAME);
        assertThat(copy(own(OWN, 0), to(front, REF, 0), 1)).isEqualTo(GrantStatus.GENERAL_ERROR);
        assertThat(front.grantStatus(REF)).isZero();
        assertThat(copy(from(front, REF, 0), own(OWN, 0), 1)).isEqualTo(GrantStatus.OKAY);
    }

    @Test
    void g14_shouldCopyThePageThatIsInUseWhateverTheEntrySaysNow() {
        fill(front, FRAME, 8);
        fill(front, FRAME + 1, 9);
        front.grant(REF, PERMIT_ACCESS, driver.domid(), FRAME);
        GrantTable table = front.domain().grants();
        assertThat(table.pin(driver.domid(), REF, true)).isEqualTo((long) FRAME * PAGE);
        front.grant(REF, PERMIT_ACCESS, driver.domid(), FRAME + 1);
        assertThat(copy(from(front, REF, 0), own(OWN, 0), PAGE)).isEqualTo(GrantStatus.OKAY);
        assertThat(page(driver, OWN).mismatch(page(front, FRAME))).isEqualTo(-1);
        table.unpin(REF, true);
        assertThat(copy(from(front, REF, 0), own(OWN, 0), PAGE)).isEqualTo(GrantStatus.OKAY);
        assertThat(page(driver, OWN).mismatch(page(front, FRAME + 1))).isEqualTo(-1);
    }

    @Test
    void g14_shouldKeepToTheFormThatWasCheckedInVersionTwo() {
        useVersionTwo(front);
        fill(front, FRAME, 10);
        front.grantPage(REF, PERMIT_ACCESS, driver.domid(), FRAME);
        GrantTable table = front.domain().grants();
        table.pin(driver.domid(), REF, false);
        front.grantVia(REF, driver.domid(), other.domid(), REF);
        assertThat(copy(from(front, REF, 0), own(OWN, 0), PAGE)).isEqualTo(GrantStatus.OKAY);
        assertThat(page(driver, OWN).mismatch(page(front, FRAME))).isEqualTo(-1);
        assertThat(front.grantStatus(REF)).isEqualTo(READING);
        table.unpin(REF, false);
        assertThat(front.grantStatus(REF)).isZero();
    }

    @Test
    void shouldFollowATransitiveGrantInBothDirections() {
        useVersionTwo(front);
        fill(other, FRAME, 11);
        fill(driver, OWN + 1, 12);
        other.grant(REF, PERMIT_ACCESS, front.domid(), FRAME);
        front.grantVia(REF2, driver.domid(), other.domid(), REF);
        assertThat(copy(from(front, REF2, 0), own(OWN, 0), PAGE)).isEqualTo(GrantStatus.OKAY);
        assertThat(page(driver, OWN).mismatch(page(other, FRAME))).isEqualTo(-1);
        assertThat(copy(own(OWN + 1, 0), to(front, REF2, 0), PAGE)).isEqualTo(GrantStatus.OKAY);
        assertThat(page(driver, OWN + 1).mismatch(page(other, FRAME))).isEqualTo(-1);
        assertThat(front.grantStatus(REF2)).isZero();
        assertThat(other.grantFlags(REF)).isEqualTo(PERMIT_ACCESS);
    }

    @Test
    void shouldFollowATransitiveGrantBackToItself() {
        useVersionTwo(front);
        fill(driver, FRAME, 13);
        driver.grant(REF, PERMIT_ACCESS | READONLY, front.domid(), FRAME);
        front.grantVia(REF2, driver.domid(), driver.domid(), REF);
        assertThat(copy(from(front, REF2, 0), own(OWN, 0), PAGE)).isEqualTo(GrantStatus.OKAY);
        assertThat(page(driver, OWN).mismatch(page(driver, FRAME))).isEqualTo(-1);
        assertThat(copy(own(OWN, 0), to(front, REF2, 0), 1)).isEqualTo(GrantStatus.GENERAL_ERROR);
        assertThat(front.grantStatus(REF2)).isZero();
    }

    @Test
    void g20_shouldFollowTransitiveGrantsOnceOnly() {
        useVersionTwo(front, other, driver);
        // In a circle, and to itself, and along a chain of three.
        front.grantVia(REF, driver.domid(), other.domid(), REF);
        other.grantVia(REF, front.domid(), front.domid(), REF);
        assertThat(copy(from(front, REF, 0), own(OWN, 0), 1)).isEqualTo(GrantStatus.GENERAL_ERROR);
        front.grantVia(REF2, driver.domid(), front.domid(), REF2);
        assertThat(copy(from(front, REF2, 0), own(OWN, 0), 1)).isEqualTo(GrantStatus.GENERAL_ERROR);
        driver.grantPage(REF, PERMIT_ACCESS, other.domid(), OWN);
        other.grantVia(REF, front.domid(), driver.domid(), REF);
        assertThat(copy(from(front, REF, 0), own(OWN, 0), 1)).isEqualTo(GrantStatus.GENERAL_ERROR);
        front.grantVia(REF, driver.domid(), DomId.IO, 0);
        assertThat(copy(from(front, REF, 0), own(OWN, 0), 1)).isEqualTo(GrantStatus.GENERAL_ERROR);
        front.grantVia(REF, driver.domid(), other.domid(), 1 << 20);
        assertThat(copy(from(front, REF, 0), own(OWN, 0), 1)).isEqualTo(GrantStatus.BAD_GNTREF);
        for (Guest guest : new Guest[] {front, other, driver}) {
            assertThat(guest.grantStatus(REF)).isZero();
            assertThat(guest.domain().grants().inUse()).isZero();
            assertThat(guest.domain().grants().setVersion(1))
                    .as("no operation of version 2 is left")
                    .isZero();
        }
    }

    @Test
    void g2_shouldMapNeitherPartsNorTransitiveGrants() {
        useVersionTwo(front);
        GrantTable table = front.domain().grants();
        front.grantPart(REF, driver.domid(), FRAME, 0, PAGE);
        assertThat(table.pin(driver.domid(), REF, false)).isEqualTo(GrantStatus.GENERAL_ERROR);
        other.grant(REF, PERMIT_ACCESS, front.domid(), FRAME);
        front.grantVia(REF2, driver.domid(), other.domid(), REF);
        assertThat(table.pin(driver.domid(), REF2, false)).isEqualTo(GrantStatus.GENERAL_ERROR);
        assertThat(front.grantStatus(REF)).isZero();
        assertThat(front.grantStatus(REF2)).isZero();
    }

    @Test
    void g19_shouldGiveOthersTheirTurnsBetweenElementsAndWriteEveryStatus() {
        int count = 100;
        front.grant(REF, PERMIT_ACCESS, driver.domid(), FRAME);
        for (int i = 0; i < count; i++) {
            int ref = i % 10 == 3 ? REF2 : REF;
            write(i, from(front, ref, i), own(OWN, i), i % 10 == 4 ? PAGE : 4);
            front.memory().set(ValueLayout.JAVA_BYTE, (long) FRAME * PAGE + i, (byte) i);
        }
        driver.stage(Hypercall.GRANT_TABLE_OP, GrantTableOp.COPY, 0, count);
        driver.push();
        HypercallRing ring = new HypercallRing(driver.domain(), 0, hypervisor.table());
        int slices = 0;
        while (ring.arm()) {
            ring.serve();
            slices++;
            assertThat(front.domain().grants().inUse())
                    .as("nothing is held in between")
                    .isZero();
        }
        assertThat(slices).isGreaterThan(2);
        assertThat(driver.results()).containsExactly(0L);
        for (int i = 0; i < count; i++) {
            int expected =
                    switch (i % 10) {
                        case 3 -> GrantStatus.GENERAL_ERROR;
                        case 4 -> GrantStatus.BAD_COPY_ARG;
                        default -> GrantStatus.OKAY;
                    };
            assertThat(GnttabCopy.status(driver.memory(), (long) i * GnttabCopy.SIZE))
                    .as("element %d", i)
                    .isEqualTo(expected);
        }
        assertThat(page(driver, OWN).get(ValueLayout.JAVA_BYTE, 99)).isEqualTo((byte) 99);
    }

    @Test
    void g11_shouldTellTheGranterThatAPageIsInUseAsLongAsAnythingUsesIt() {
        useVersionTwo(front);
        front.grantPage(REF, PERMIT_ACCESS, driver.domid(), FRAME);
        GrantTable table = front.domain().grants();
        table.pin(driver.domid(), REF, true);
        assertThat(front.grantStatus(REF)).isEqualTo(READING | WRITING);
        assertThat(front.grantHeader(REF) & 0xffff)
                .as("nothing is written into the entry")
                .isEqualTo(PERMIT_ACCESS);
        assertThat(copy(from(front, REF, 0), own(OWN, 0), 1)).isEqualTo(GrantStatus.OKAY);
        assertThat(front.grantStatus(REF)).isEqualTo(READING | WRITING);
        front.grantPage(REF, GrantFlags.INVALID, 0, 0);
        assertThat(front.grantStatus(REF)).isEqualTo(READING | WRITING);
        table.unpin(REF, true);
        assertThat(front.grantStatus(REF)).isZero();
    }
}
