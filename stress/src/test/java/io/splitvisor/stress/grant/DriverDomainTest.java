// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.stress.grant;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.abi.io.BlkifOp;
import io.splitvisor.abi.io.BlkifRequest;
import io.splitvisor.abi.io.BlkifRequestSegment;
import io.splitvisor.abi.io.BlkifResponse;
import io.splitvisor.abi.io.BlkifStatus;
import io.splitvisor.attach.DomainLayout;
import io.splitvisor.domu.grant.GrantCopies;
import io.splitvisor.domu.grant.GrantTable;
import io.splitvisor.domu.memory.GuestMemory;
import io.splitvisor.ring.FrontRing;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A back end in a guest of its own: it serves another guest through {@code GNTTABOP_copy}, and can do nothing else to it. */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class DriverDomainTest {
    private static final int PAGE = GuestMemory.PAGE_SIZE;
    private static final int SECTOR = 512;
    private static final int DISK_PAGES = 32;

    private TwoDomains domains;
    private GuestMemory memory;
    private GrantTable grants;
    private FrontRing ring;
    private int ringFrame;

    @BeforeEach
    void start() {
        domains = new TwoDomains(new DomainLayout(256, 32, 1));
        memory = domains.front.memory();
        grants = new GrantTable(memory, () -> {}, domains.front.hypercalls());
        ringFrame = memory.allocate();
        ring = FrontRing.init(memory.page(ringFrame), BlkifRequest.SIZE);
    }

    @AfterEach
    void stop() throws InterruptedException {
        domains.close();
    }

    private int driver() {
        return domains.driver.domid();
    }

    private void request(int operation, long sector, int ref, int first, int last, long id) {
        MemorySegment slot = ring.claimRequest();
        BlkifRequest.OPERATION.set(slot, 0, operation);
        BlkifRequest.NR_SEGMENTS.set(slot, 0, 1);
        BlkifRequest.HANDLE.set(slot, 0, 0);
        BlkifRequest.ID.set(slot, 0, id);
        BlkifRequest.SECTOR_NUMBER.set(slot, 0, sector);
        long segment = BlkifRequest.SEG.at(0, 0);
        BlkifRequestSegment.GREF.set(slot, segment, ref);
        BlkifRequestSegment.FIRST_SECT.set(slot, segment, first);
        BlkifRequestSegment.LAST_SECT.set(slot, segment, last);
    }

    /** Takes one response; its status. */
    private int response(long id) {
        assertThat(ring.unconsumedResponses()).isPositive();
        MemorySegment slot = ring.takeResponse();
        assertThat(BlkifResponse.ID.get(slot, 0)).isEqualTo(id);
        return BlkifResponse.STATUS.get(slot, 0);
    }

    private void fill(int frame, Random random) {
        byte[] bytes = new byte[PAGE];
        random.nextBytes(bytes);
        MemorySegment.copy(bytes, 0, memory.page(frame), ValueLayout.JAVA_BYTE, 0, PAGE);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void shouldServeADiskThroughCopiesOnly(int version) {
        if (version == 2) {
            assertThat(grants.useVersion2()).isZero();
        }
        int ringRef = grants.grantAccess(driver(), ringFrame, false);
        byte[] expected = new byte[DISK_PAGES * PAGE];
        Random random = new Random(version);
        int frame = memory.allocate(8);
        try (CopyingBlockBackend backend =
                new CopyingBlockBackend(domains.driver, domains.front.domid(), ringRef, DISK_PAGES)) {
            for (int round = 0; round < 200; round++) {
                int count = 1 + random.nextInt(8);
                int[] refs = new int[count];
                long[] sectors = new long[count];
                boolean write = random.nextBoolean();
                for (int i = 0; i < count; i++) {
                    int first = random.nextInt(8);
                    int last = first + random.nextInt(8 - first);
                    // No two of a round overlap: each has its part of the disk.
                    sectors[i] = (long) i * DISK_PAGES + random.nextInt(DISK_PAGES - 8);
                    fill(frame + i, random);
                    refs[i] = grants.grantAccess(driver(), frame + i, write);
                    request(write ? BlkifOp.WRITE : BlkifOp.READ, sectors[i], refs[i], first, last, first * 8L + last);
                }
                ring.pushRequests();
                assertThat(backend.serve()).isEqualTo(count);
                for (int i = 0; i < count; i++) {
                    long at = ring.slot(ring.rspCons()).get(ValueLayout.JAVA_LONG, 0);
                    int first = (int) (at / 8);
                    int bytes = ((int) (at % 8) - first + 1) * SECTOR;
                    assertThat(response(at)).isEqualTo(BlkifStatus.OKAY);
                    MemorySegment data = memory.page(frame + i).asSlice((long) first * SECTOR, bytes);
                    MemorySegment stored = MemorySegment.ofArray(expected).asSlice(sectors[i] * SECTOR, bytes);
                    if (write) {
                        stored.copyFrom(data);
                    } else {
                        assertThat(data.mismatch(stored)).isEqualTo(-1);
                    }
                    assertThat(grants.endAccess(refs[i])).isTrue();
                }
            }
        }
        assertThat(grants.endAccess(ringRef)).isTrue();
    }

    @Test
    void shouldAnswerWithAnErrorWhatTheFrontEndDidNotGrant() {
        int ringRef = grants.grantAccess(driver(), ringFrame, false);
        int frame = memory.allocate();
        int readOnly = grants.grantAccess(driver(), frame, true);
        int others = grants.grantAccess(driver() + 7, frame, false);
        try (CopyingBlockBackend backend =
                new CopyingBlockBackend(domains.driver, domains.front.domid(), ringRef, DISK_PAGES)) {
            request(BlkifOp.READ, 0, readOnly, 0, 7, 1);
            request(BlkifOp.READ, 0, others, 0, 7, 2);
            request(BlkifOp.WRITE, 0, -1, 0, 7, 3);
            request(BlkifOp.WRITE, 1L << 40, readOnly, 0, 7, 4);
            request(BlkifOp.WRITE, 0, readOnly, 0, 8, 5);
            request(BlkifOp.WRITE, 0, readOnly, 0, 7, 6);
            ring.pushRequests();
            assertThat(backend.serve()).isEqualTo(6);
            for (int id = 1; id <= 5; id++) {
                assertThat(response(id)).as("request %d", id).isEqualTo(BlkifStatus.ERROR);
            }
            assertThat(response(6)).isEqualTo(BlkifStatus.OKAY);
        }
    }

    @Test
    void shouldGrantPartsOfPagesThatHaveOtherThingsInThem() {
        assertThat(grants.useVersion2()).isZero();
        int frame = memory.allocate();
        memory.page(frame).fill((byte) 7);
        int ref = grants.reserve();
        grants.grantPart(ref, driver(), frame, 100, 50, false);
        GuestMemory own = domains.driver.memory();
        int buffer = own.allocate();
        try (GrantCopies copies = new GrantCopies(own, domains.driver.hypercalls(), 4)) {
            copies.read(domains.front.domid(), ref, 100, GuestMemory.address(buffer), 50);
            copies.read(domains.front.domid(), ref, 99, GuestMemory.address(buffer), 50);
            copies.write(domains.front.domid(), ref, 149, GuestMemory.address(buffer) + 100, 1);
            copies.write(domains.front.domid(), ref, 149, GuestMemory.address(buffer) + 100, 2);
            assertThat(copies.run()).isEqualTo(2);
            assertThat(copies.status(1)).isEqualTo(-1);
            assertThat(copies.status(3)).isEqualTo(-1);
        }
        assertThat(own.page(buffer).get(ValueLayout.JAVA_BYTE, 49)).isEqualTo((byte) 7);
        assertThat(memory.page(frame).get(ValueLayout.JAVA_BYTE, 149)).isZero();
        assertThat(memory.page(frame).get(ValueLayout.JAVA_BYTE, 150)).isEqualTo((byte) 7);
        assertThat(grants.endAccess(ref)).isTrue();
    }

    @Test
    void shouldPassOnWhatItWasGranted() {
        // The driver grants the front end a page, and the front end passes it on to the driver again.
        GuestMemory own = domains.driver.memory();
        GrantTable driverGrants = new GrantTable(own, () -> {}, domains.driver.hypercalls());
        int page = own.allocate();
        own.page(page).set(ValueLayout.JAVA_LONG, 8, 4711);
        int ref = driverGrants.grantAccess(domains.front.domid(), page, true);
        assertThat(grants.useVersion2()).isZero();
        int passedOn = grants.reserve();
        grants.grantVia(passedOn, driver(), driver(), ref, true);
        int buffer = own.allocate();
        try (GrantCopies copies = new GrantCopies(own, domains.driver.hypercalls(), 1)) {
            copies.read(domains.front.domid(), passedOn, 0, GuestMemory.address(buffer), PAGE);
            assertThat(copies.run()).isZero();
        }
        assertThat(own.page(buffer).get(ValueLayout.JAVA_LONG, 8)).isEqualTo(4711);
        assertThat(grants.endAccess(passedOn)).isTrue();
        assertThat(driverGrants.endAccess(ref)).isTrue();
    }

    @Test
    void shouldGrowItsTableWhenReferencesAreUsedUp() {
        int all = 32 * 512;
        int frame = memory.allocate();
        for (int ref = 8; ref < all; ref++) {
            assertThat(grants.grantAccess(driver(), frame, false)).isEqualTo(ref);
        }
        assertThat(grants.reserve()).isNegative();
        assertThat(domains.front.domain().grants().frames()).isEqualTo(32);
        GuestMemory own = domains.driver.memory();
        int buffer = own.allocate();
        memory.page(frame).set(ValueLayout.JAVA_INT, 0, 4711);
        try (GrantCopies copies = new GrantCopies(own, domains.driver.hypercalls(), 1)) {
            copies.read(domains.front.domid(), all - 1, 0, GuestMemory.address(buffer), Integer.BYTES);
            assertThat(copies.run()).isZero();
        }
        assertThat(own.page(buffer).get(ValueLayout.JAVA_INT, 0)).isEqualTo(4711);
        for (int ref = 8; ref < all; ref++) {
            assertThat(grants.endAccess(ref)).isTrue();
        }
        assertThat(grants.free()).isEqualTo(all - 8);
    }
}
