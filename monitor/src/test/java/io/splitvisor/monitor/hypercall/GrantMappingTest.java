// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.hypercall;

import static io.splitvisor.abi.grant.GrantFlags.PERMIT_ACCESS;
import static io.splitvisor.abi.grant.GrantFlags.READING;
import static io.splitvisor.abi.grant.GrantFlags.READONLY;
import static io.splitvisor.abi.grant.GrantFlags.WRITING;
import static io.splitvisor.abi.grant.GrantMapFlags.DEVICE_MAP;
import static io.splitvisor.abi.grant.GrantMapFlags.HOST_MAP;
import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.abi.DomId;
import io.splitvisor.abi.Hypercall;
import io.splitvisor.abi.XenErrno;
import io.splitvisor.abi.grant.GnttabMapGrantRef;
import io.splitvisor.abi.grant.GnttabUnmapAndReplace;
import io.splitvisor.abi.grant.GnttabUnmapGrantRef;
import io.splitvisor.abi.grant.GrantMapFlags;
import io.splitvisor.abi.grant.GrantStatus;
import io.splitvisor.abi.grant.GrantTableOp;
import io.splitvisor.attach.DomainLayout;
import io.splitvisor.monitor.Guest;
import io.splitvisor.monitor.Hypervisor;
import io.splitvisor.monitor.grant.GrantTable;
import io.splitvisor.monitor.grant.Maptrack;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code GNTTABOP_map_grant_ref} and its opposites, by a privileged domain and by a guest. */
class GrantMappingTest {
    private static final int PAGE = DomainLayout.PAGE_SIZE;
    private static final int REF = 11;
    private static final int FRAME = 5;
    private static final long PLACE = 0x7fff_0000_0000L;
    private static final long BUS = (long) FRAME * PAGE;
    private static final int BOTH = HOST_MAP | DEVICE_MAP;

    private final Hypervisor hypervisor = new Hypervisor(0);
    private final Guest driver = hypervisor.guest();
    private final Guest front = hypervisor.guest();
    private final Guest other = hypervisor.guest();
    private final GrantTable table = front.domain().grants();

    @AfterEach
    void nothingIsLeft() {
        hypervisor.close();
    }

    private static MemorySegment memory(Guest caller) {
        return caller.memory();
    }

    private void call(Guest caller, int command) {
        assertThat(hypervisor.call(caller, Hypercall.GRANT_TABLE_OP, command, 0, 1))
                .isZero();
    }

    /** The handle, or the status. */
    private int map(Guest caller, int dom, int ref, int flags, long host) {
        MemorySegment memory = memory(caller);
        GnttabMapGrantRef.hostAddr(memory, 0, host);
        GnttabMapGrantRef.flags(memory, 0, flags);
        GnttabMapGrantRef.ref(memory, 0, ref);
        GnttabMapGrantRef.dom(memory, 0, dom);
        GnttabMapGrantRef.status(memory, 0, 77);
        call(caller, GrantTableOp.MAP_GRANT_REF);
        int status = GnttabMapGrantRef.status(memory, 0);
        return status == GrantStatus.OKAY ? GnttabMapGrantRef.handle(memory, 0) : status;
    }

    private int map(int flags) {
        return map(driver, front.domid(), REF, flags, PLACE);
    }

    private int unmap(Guest caller, int handle, long host, long bus) {
        MemorySegment memory = memory(caller);
        GnttabUnmapGrantRef.handle(memory, 0, handle);
        GnttabUnmapGrantRef.hostAddr(memory, 0, host);
        GnttabUnmapGrantRef.devBusAddr(memory, 0, bus);
        GnttabUnmapGrantRef.status(memory, 0, 77);
        call(caller, GrantTableOp.UNMAP_GRANT_REF);
        return GnttabUnmapGrantRef.status(memory, 0);
    }

    private int replace(int handle, long host, long replacement) {
        MemorySegment memory = memory(driver);
        GnttabUnmapAndReplace.handle(memory, 0, handle);
        GnttabUnmapAndReplace.hostAddr(memory, 0, host);
        GnttabUnmapAndReplace.newAddr(memory, 0, replacement);
        call(driver, GrantTableOp.UNMAP_AND_REPLACE);
        return GnttabUnmapAndReplace.status(memory, 0);
    }

    @Test
    void shouldTellWhereAMappedPageLies() {
        front.grant(REF, PERMIT_ACCESS, 0, FRAME);
        int handle = map(HOST_MAP);
        assertThat(handle).isNotNegative();
        assertThat(GnttabMapGrantRef.devBusAddr(driver.memory(), 0)).isEqualTo(BUS);
        assertThat(front.grantFlags(REF)).isEqualTo(PERMIT_ACCESS | READING | WRITING);
        assertThat(unmap(driver, handle, PLACE, 0)).isEqualTo(GrantStatus.OKAY);
        assertThat(front.grantFlags(REF)).isEqualTo(PERMIT_ACCESS);
    }

    @Test
    void g1_shouldRefuseReferencesBeyondTheTableAndMappingsForNobody() {
        front.grant(REF, PERMIT_ACCESS, 0, FRAME);
        assertThat(map(0)).isEqualTo(GrantStatus.BAD_GNTREF);
        assertThat(map(GrantMapFlags.READONLY | 0xffff_0000)).isEqualTo(GrantStatus.BAD_GNTREF);
        for (int ref : new int[] {-1, 1024, Integer.MIN_VALUE, Integer.MAX_VALUE}) {
            assertThat(map(driver, front.domid(), ref, HOST_MAP, PLACE)).isEqualTo(GrantStatus.BAD_GNTREF);
        }
        assertThat(table.inUse()).isZero();
        assertThat(driver.domain().grants().maptrack().mapped()).isZero();
    }

    @Test
    void g2_shouldAnswerRefusalsWithNegativeStatuses() {
        front.grant(REF, PERMIT_ACCESS, other.domid(), FRAME);
        assertThat(map(HOST_MAP)).isEqualTo(GrantStatus.GENERAL_ERROR);
        front.grant(REF, 0, 0, FRAME);
        assertThat(map(HOST_MAP)).isEqualTo(GrantStatus.GENERAL_ERROR);
        front.grant(REF, PERMIT_ACCESS, 0, 1 << 20);
        assertThat(map(BOTH)).isEqualTo(GrantStatus.BAD_PAGE);
        assertThat(table.inUse()).isZero();
    }

    @Test
    void g3_shouldMapForReadingWhatIsGrantedForReading() {
        front.grant(REF, PERMIT_ACCESS | READONLY, 0, FRAME);
        assertThat(map(BOTH)).isEqualTo(GrantStatus.GENERAL_ERROR);
        assertThat(table.inUse()).isZero();
        int handle = map(BOTH | GrantMapFlags.READONLY);
        assertThat(front.grantFlags(REF)).isEqualTo(PERMIT_ACCESS | READONLY | READING);
        assertThat(unmap(driver, handle, PLACE, BUS)).isEqualTo(GrantStatus.OKAY);
        assertThat(front.grantFlags(REF)).isEqualTo(PERMIT_ACCESS | READONLY);
    }

    @Test
    void g3_shouldUndoTheFirstOfTwoUsesIfTheSecondCannotBeCounted() {
        front.grant(REF, PERMIT_ACCESS, 0, FRAME);
        for (int i = 0; i < Short.MAX_VALUE - 1; i++) {
            assertThat(table.pin(0, REF, true)).isEqualTo(BUS);
        }
        assertThat(map(BOTH)).isEqualTo(GrantStatus.GENERAL_ERROR);
        int handle = map(HOST_MAP);
        assertThat(handle).isNotNegative();
        assertThat(map(HOST_MAP)).isEqualTo(GrantStatus.GENERAL_ERROR);
        assertThat(unmap(driver, handle, PLACE, 0)).isZero();
        for (int i = 0; i < Short.MAX_VALUE - 1; i++) {
            table.unpin(REF, true);
        }
        assertThat(front.grantFlags(REF)).isEqualTo(PERMIT_ACCESS);
    }

    @ParameterizedTest
    @ValueSource(ints = {999, DomId.SELF, DomId.IO, DomId.XEN, DomId.INVALID, DomId.IDLE, 65535})
    void g4_shouldRefuseDomainsThatAreNone(int dom) {
        assertThat(map(driver, dom, REF, HOST_MAP, PLACE)).isEqualTo(GrantStatus.BAD_DOMAIN);
        assertThat(map(front, dom, REF, HOST_MAP, PLACE)).isEqualTo(GrantStatus.BAD_DOMAIN);
    }

    @Test
    void g4_shouldAnswerNoSpaceWhenHandlesAreExhausted() {
        for (int ref = 0; ref < 16; ref++) {
            front.grant(ref, PERMIT_ACCESS, 0, FRAME);
        }
        Maptrack maptrack = driver.domain().grants().maptrack();
        int mapped = 0;
        while (maptrack.map(table, 0, mapped % 16, HOST_MAP, PLACE) >= 0) {
            mapped++;
        }
        assertThat(mapped).isEqualTo(Maptrack.LIMIT);
        assertThat(map(HOST_MAP)).isEqualTo(GrantStatus.NO_SPACE);
        assertThat(unmap(driver, 4711, PLACE, 0)).isZero();
        assertThat(map(HOST_MAP)).isEqualTo(4711);
        // What is left is unmapped when the domain dies (row G21).
        hypervisor.monitor().destroy(driver.domain());
        assertThat(table.inUse()).isZero();
    }

    @Test
    void g21_shouldUnmapInSlicesWhenADomainDies() {
        front.grant(REF, PERMIT_ACCESS, 0, FRAME);
        Maptrack maptrack = driver.domain().grants().maptrack();
        for (int i = 0; i < 1000; i++) {
            assertThat(map(i % 2 == 0 ? BOTH : DEVICE_MAP)).isNotNegative();
        }
        for (int handle = 0; handle < 1000; handle += 3) {
            assertThat(maptrack.unmap(handle, PLACE, BUS)).isZero();
        }
        int slices = 1;
        while (!maptrack.release(64)) {
            slices++;
        }
        assertThat(slices).isEqualTo(1000 / 64 + 1);
        assertThat(table.inUse()).isZero();
        assertThat(front.grantFlags(REF)).isEqualTo(PERMIT_ACCESS);
    }

    @Test
    void g6_shouldUnmapOnceOnly() {
        front.grant(REF, PERMIT_ACCESS, 0, FRAME);
        int first = map(HOST_MAP);
        int second = map(HOST_MAP);
        assertThat(unmap(driver, first, PLACE, 0)).isEqualTo(GrantStatus.OKAY);
        assertThat(unmap(driver, first, PLACE, 0)).isEqualTo(GrantStatus.BAD_HANDLE);
        assertThat(front.grantFlags(REF)).isEqualTo(PERMIT_ACCESS | READING | WRITING);
        for (int handle : new int[] {-1, 2, Integer.MAX_VALUE, Integer.MIN_VALUE}) {
            assertThat(unmap(driver, handle, PLACE, BUS)).isEqualTo(GrantStatus.BAD_HANDLE);
            assertThat(replace(handle, PLACE, 0)).isEqualTo(GrantStatus.BAD_HANDLE);
            assertThat(replace(handle, PLACE, 1)).isEqualTo(GrantStatus.BAD_HANDLE);
        }
        assertThat(unmap(front, second, PLACE, 0))
                .as("handles are the caller's own")
                .isEqualTo(GrantStatus.BAD_HANDLE);
        assertThat(unmap(driver, second, PLACE, 0)).isEqualTo(GrantStatus.OKAY);
        assertThat(front.grantFlags(REF)).isEqualTo(PERMIT_ACCESS);
    }

    @Test
    void g6_shouldLetOneOfTwoThatUnmapTheSameSucceed() throws InterruptedException {
        front.grant(REF, PERMIT_ACCESS, 0, FRAME);
        Maptrack maptrack = driver.domain().grants().maptrack();
        for (int round = 0; round < 2000; round++) {
            int handle = maptrack.map(table, 0, REF, HOST_MAP, PLACE);
            CountDownLatch start = new CountDownLatch(1);
            AtomicInteger okay = new AtomicInteger();
            Runnable unmapper = () -> {
                try {
                    start.await();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
                if (maptrack.unmap(handle, PLACE, 0) == GrantStatus.OKAY) {
                    okay.incrementAndGet();
                }
            };
            Thread one = Thread.ofVirtual().start(unmapper);
            Thread two = Thread.ofVirtual().start(unmapper);
            start.countDown();
            one.join();
            two.join();
            assertThat(okay.get()).isEqualTo(1);
            assertThat(table.inUse()).isZero();
        }
    }

    @Test
    void g7_shouldCountBothKindsOfAMappingUntilBothAreGone() {
        front.grant(REF, PERMIT_ACCESS, 0, FRAME);
        int handle = map(BOTH);
        assertThat(unmap(driver, handle, PLACE, 0)).isEqualTo(GrantStatus.OKAY);
        assertThat(front.grantFlags(REF)).isEqualTo(PERMIT_ACCESS | READING | WRITING);
        assertThat(table.swap(REF, REF + 1)).as("still in use").isEqualTo(GrantStatus.EAGAIN);
        assertThat(unmap(driver, handle, PLACE, 0))
                .as("there is no such part any more")
                .isEqualTo(GrantStatus.OKAY);
        assertThat(table.inUse()).isEqualTo(1);
        assertThat(unmap(driver, handle, 0, BUS)).isEqualTo(GrantStatus.OKAY);
        assertThat(front.grantFlags(REF)).isEqualTo(PERMIT_ACCESS);
        assertThat(unmap(driver, handle, 0, BUS)).isEqualTo(GrantStatus.BAD_HANDLE);
    }

    @Test
    void g8_shouldKeepAMappingThatIsNotWhereTheCallSays() {
        front.grant(REF, PERMIT_ACCESS, 0, FRAME);
        int handle = map(BOTH);
        assertThat(unmap(driver, handle, PLACE + PAGE, BUS)).isEqualTo(GrantStatus.GENERAL_ERROR);
        assertThat(unmap(driver, handle, PLACE, BUS + PAGE)).isEqualTo(GrantStatus.BAD_DEV_ADDR);
        assertThat(front.grantFlags(REF)).isEqualTo(PERMIT_ACCESS | READING | WRITING);
        assertThat(unmap(driver, handle, PLACE, BUS)).isEqualTo(GrantStatus.OKAY);
        assertThat(table.inUse()).isZero();
    }

    @Test
    void g8_shouldPutNothingInThePlaceOfAMapping() {
        front.grant(REF, PERMIT_ACCESS, 0, FRAME);
        int handle = map(BOTH);
        assertThat(replace(handle, PLACE, PLACE + PAGE)).isEqualTo(GrantStatus.GENERAL_ERROR);
        assertThat(replace(handle, PLACE + PAGE, 0)).isEqualTo(GrantStatus.GENERAL_ERROR);
        assertThat(replace(handle, 0, 0)).as("nothing is asked for").isEqualTo(GrantStatus.OKAY);
        assertThat(front.grantFlags(REF)).isEqualTo(PERMIT_ACCESS | READING | WRITING);
        assertThat(replace(handle, PLACE, 0)).isEqualTo(GrantStatus.OKAY);
        assertThat(table.inUse()).as("the one for devices stays").isEqualTo(1);
        assertThat(unmap(driver, handle, 0, BUS)).isEqualTo(GrantStatus.OKAY);
    }

    @Test
    void g9_shouldTouchNoPageTables() {
        driver.memory().fill((byte) 0);
        front.grant(REF, PERMIT_ACCESS, 0, FRAME);
        for (long entry : new long[] {8 * PAGE, 8 * PAGE + 8, 8 * PAGE + 3, -1}) {
            assertThat(map(driver, front.domid(), REF, HOST_MAP | GrantMapFlags.CONTAINS_PTE, entry))
                    .isEqualTo(GrantStatus.GENERAL_ERROR);
            assertThat(map(driver, front.domid(), REF, HOST_MAP | GrantMapFlags.APPLICATION_MAP, entry))
                    .isEqualTo(GrantStatus.GENERAL_ERROR);
        }
        assertThat(driver.memory().asSlice(PAGE, 10 * PAGE).mismatch(MemorySegment.ofArray(new byte[10 * PAGE])))
                .isEqualTo(-1);
        assertThat(map(driver, front.domid(), REF, HOST_MAP, PLACE + 8)).isEqualTo(GrantStatus.BAD_VIRT_ADDR);
        assertThat(table.inUse()).isZero();
    }

    @Test
    void g10_shouldKeepAMappingThroughUnmappingsOfNothing() {
        front.grant(REF, PERMIT_ACCESS, 0, FRAME);
        int handle = map(DEVICE_MAP);
        for (int i = 0; i < 5; i++) {
            assertThat(unmap(driver, handle, 0, 0)).isEqualTo(GrantStatus.OKAY);
            assertThat(unmap(driver, handle, PLACE, 0)).isEqualTo(GrantStatus.OKAY);
        }
        assertThat(front.grantFlags(REF)).isEqualTo(PERMIT_ACCESS | READING | WRITING);
        assertThat(table.inUse()).isEqualTo(1);
        assertThat(unmap(driver, handle, PLACE, BUS)).isEqualTo(GrantStatus.OKAY);
        assertThat(unmap(driver, handle, PLACE, BUS)).isEqualTo(GrantStatus.BAD_HANDLE);
        assertThat(table.inUse()).isZero();
    }

    /** Isolation is the operating system's: a guest's process has the memory of no other domain. */
    @Test
    void shouldRefuseAGuestThatMapsThePageOfAnother() {
        front.grant(REF, PERMIT_ACCESS, other.domid(), FRAME);
        assertThat(map(other, front.domid(), REF, HOST_MAP, PLACE)).isEqualTo(GrantStatus.PERMISSION_DENIED);
        assertThat(map(other, 0, REF, HOST_MAP, PLACE)).isEqualTo(GrantStatus.PERMISSION_DENIED);
        assertThat(front.grantFlags(REF)).isEqualTo(PERMIT_ACCESS);
    }

    @Test
    void shouldLetAGuestMapItsOwnPageWhereItIs() {
        front.grant(REF, PERMIT_ACCESS, front.domid(), FRAME);
        assertThat(map(front, front.domid(), REF, HOST_MAP, PLACE)).isEqualTo(GrantStatus.BAD_VIRT_ADDR);
        assertThat(table.inUse()).isZero();
        int handle = map(front, front.domid(), REF, BOTH, BUS);
        assertThat(handle).isNotNegative();
        assertThat(front.grantFlags(REF)).isEqualTo(PERMIT_ACCESS | READING | WRITING);
        assertThat(unmap(front, handle, BUS, BUS)).isEqualTo(GrantStatus.OKAY);
        // And what a domain has mapped of its own does not keep it alive.
        assertThat(map(front, front.domid(), REF, DEVICE_MAP, 0)).isNotNegative();
        hypervisor.monitor().destroy(front.domain());
        assertThat(hypervisor.monitor().find(front.domid())).isNull();
    }

    @Test
    void g19_shouldMapAndUnmapInBatches() {
        int count = 70;
        front.grant(REF, PERMIT_ACCESS, 0, FRAME);
        for (int i = 0; i < count; i++) {
            long at = (long) i * GnttabMapGrantRef.SIZE;
            GnttabMapGrantRef.flags(driver.memory(), at, HOST_MAP);
            GnttabMapGrantRef.hostAddr(driver.memory(), at, PLACE);
            GnttabMapGrantRef.dom(driver.memory(), at, front.domid());
            GnttabMapGrantRef.ref(driver.memory(), at, i == 33 ? -1 : REF);
            GnttabMapGrantRef.status(driver.memory(), at, 77);
        }
        assertThat(hypervisor.call(driver, Hypercall.GRANT_TABLE_OP, GrantTableOp.MAP_GRANT_REF, 0, count))
                .isZero();
        for (int i = 0; i < count; i++) {
            long at = (long) i * GnttabMapGrantRef.SIZE;
            assertThat(GnttabMapGrantRef.status(driver.memory(), at))
                    .isEqualTo(i == 33 ? GrantStatus.BAD_GNTREF : GrantStatus.OKAY);
        }
        Maptrack maptrack = driver.domain().grants().maptrack();
        assertThat(maptrack.mapped()).isEqualTo(count - 1);
        for (int i = 0; i < count; i++) {
            long at = (long) i * GnttabUnmapGrantRef.SIZE;
            GnttabUnmapGrantRef.handle(driver.memory(), at, i);
            GnttabUnmapGrantRef.hostAddr(driver.memory(), at, PLACE);
            GnttabUnmapGrantRef.devBusAddr(driver.memory(), at, 0);
            GnttabUnmapGrantRef.status(driver.memory(), at, 77);
        }
        assertThat(hypervisor.call(driver, Hypercall.GRANT_TABLE_OP, GrantTableOp.UNMAP_GRANT_REF, 0, count))
                .isZero();
        assertThat(GnttabUnmapGrantRef.status(driver.memory(), (count - 1L) * GnttabUnmapGrantRef.SIZE))
                .isEqualTo(GrantStatus.BAD_HANDLE);
        assertThat(maptrack.mapped()).isZero();
        assertThat(table.inUse()).isZero();
    }

    @Test
    void shouldAskAboutAnyTableIfPrivileged() {
        GrantTable other = front.domain().grants();
        MemorySegment memory = driver.memory();
        memory.set(ValueLayout.JAVA_INT, 0, front.domid());
        assertThat(hypervisor.call(driver, Hypercall.GRANT_TABLE_OP, GrantTableOp.GET_VERSION, 0, 1))
                .isZero();
        assertThat(memory.get(ValueLayout.JAVA_INT, 4)).isEqualTo(other.version());
        memory.set(ValueLayout.JAVA_INT, 0, 999);
        assertThat(hypervisor.call(driver, Hypercall.GRANT_TABLE_OP, GrantTableOp.GET_VERSION, 0, 1))
                .isEqualTo(-XenErrno.ESRCH);
    }
}
