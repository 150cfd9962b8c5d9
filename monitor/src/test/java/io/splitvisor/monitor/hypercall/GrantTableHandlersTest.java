// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.hypercall;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.abi.DomId;
import io.splitvisor.abi.Hypercall;
import io.splitvisor.abi.XenErrno;
import io.splitvisor.abi.grant.GnttabCacheFlush;
import io.splitvisor.abi.grant.GnttabCopy;
import io.splitvisor.abi.grant.GnttabGetStatusFrames;
import io.splitvisor.abi.grant.GnttabGetVersion;
import io.splitvisor.abi.grant.GnttabMapGrantRef;
import io.splitvisor.abi.grant.GnttabQuerySize;
import io.splitvisor.abi.grant.GnttabSetVersion;
import io.splitvisor.abi.grant.GnttabSetupTable;
import io.splitvisor.abi.grant.GnttabSwapGrantRef;
import io.splitvisor.abi.grant.GrantFlags;
import io.splitvisor.abi.grant.GrantMapFlags;
import io.splitvisor.abi.grant.GrantStatus;
import io.splitvisor.abi.grant.GrantTableOp;
import io.splitvisor.attach.DomainLayout;
import io.splitvisor.monitor.Guest;
import io.splitvisor.monitor.Hypervisor;
import io.splitvisor.monitor.grant.GrantTable;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class GrantTableHandlersTest {
    private static final long RAM = (long) Hypervisor.RAM_PAGES * DomainLayout.PAGE_SIZE;
    private static final long LIST = 2 * DomainLayout.PAGE_SIZE;
    private static final short UNTOUCHED = 77;
    private static final int[] ARRAYS = {
        GrantTableOp.MAP_GRANT_REF, GrantTableOp.UNMAP_GRANT_REF, GrantTableOp.UNMAP_AND_REPLACE,
        GrantTableOp.COPY, GrantTableOp.SWAP_GRANT_REF, GrantTableOp.CACHE_FLUSH
    };

    private final Hypervisor hypervisor = new Hypervisor();
    private final Guest guest = hypervisor.guest();
    private final Guest other = hypervisor.guest();

    @AfterEach
    void nothingIsLeft() {
        hypervisor.close();
    }

    private long call(int command, long at, long count) {
        long[] arguments = {command, at, count, 0, 0, 0};
        return hypervisor.call(guest, Hypercall.GRANT_TABLE_OP, arguments);
    }

    private long setup(int dom, int frames, long list) {
        GnttabSetupTable.dom(guest.memory(), 0, dom);
        GnttabSetupTable.nrFrames(guest.memory(), 0, frames);
        GnttabSetupTable.frameList(guest.memory(), 0, list);
        GnttabSetupTable.status(guest.memory(), 0, UNTOUCHED);
        return call(GrantTableOp.SETUP_TABLE, 0, 1);
    }

    @Test
    void shouldTellWhereTheTableLies() {
        assertThat(setup(DomId.SELF, Hypervisor.GRANT_FRAMES, LIST)).isZero();
        assertThat(GnttabSetupTable.status(guest.memory(), 0)).isEqualTo(GrantStatus.OKAY);
        for (int i = 0; i < Hypervisor.GRANT_FRAMES; i++) {
            assertThat(guest.memory().get(ValueLayout.JAVA_LONG, LIST + i * 8L))
                    .isEqualTo(guest.domain().memory().layout().grantTable() + i);
        }
        assertThat(guest.memory().get(ValueLayout.JAVA_LONG, LIST + Hypervisor.GRANT_FRAMES * 8L))
                .isZero();
        assertThat(setup(guest.domid(), 0, 0)).isZero();
        assertThat(GnttabSetupTable.status(guest.memory(), 0)).isEqualTo(GrantStatus.OKAY);
    }

    @ParameterizedTest
    @CsvSource({
        "2147483647, 8192",
        "-2147483648, 8192",
        "-1, 8192",
        "1, -1",
        "2, 9223372036854775807",
        "2, 9223372036854775800",
        "1, -9223372036854775808",
        "2, 262136",
        "1, 262137",
    })
    void g17_shouldWriteNoListThatLiesOutside(int frames, long list) {
        assertThat(setup(DomId.SELF, frames, list)).isEqualTo(-XenErrno.EFAULT);
        assertThat(GnttabSetupTable.status(guest.memory(), 0)).isEqualTo(UNTOUCHED);
        statusFrames(DomId.SELF, frames, list, -XenErrno.EFAULT, UNTOUCHED);
        assertThat(guest.memory().get(ValueLayout.JAVA_LONG, RAM - 8)).isZero();
        assertThat(guest.memory().get(ValueLayout.JAVA_LONG, LIST)).isZero();
    }

    private void statusFrames(int dom, int frames, long list, long result, int status) {
        GnttabGetStatusFrames.dom(guest.memory(), 0, dom);
        GnttabGetStatusFrames.nrFrames(guest.memory(), 0, frames);
        GnttabGetStatusFrames.frameList(guest.memory(), 0, list);
        GnttabGetStatusFrames.status(guest.memory(), 0, UNTOUCHED);
        assertThat(call(GrantTableOp.GET_STATUS_FRAMES, 0, 1)).isEqualTo(result);
        assertThat(GnttabGetStatusFrames.status(guest.memory(), 0)).isEqualTo(status);
    }

    @ParameterizedTest
    @ValueSource(ints = {3, 4, 512})
    void g17_shouldListNoMoreFramesThanThereCanBe(int frames) {
        assertThat(setup(DomId.SELF, frames, LIST)).isZero();
        assertThat(GnttabSetupTable.status(guest.memory(), 0)).isEqualTo(GrantStatus.GENERAL_ERROR);
        assertThat(guest.memory().get(ValueLayout.JAVA_LONG, LIST)).isZero();
        statusFrames(DomId.SELF, frames, LIST, 0, GrantStatus.GENERAL_ERROR);
        assertThat(guest.memory().get(ValueLayout.JAVA_LONG, LIST)).isZero();
    }

    @Test
    void g17_shouldTellOfStatusFramesInVersionTwoOnly() {
        int first = guest.domain().memory().layout().grantStatus();
        statusFrames(DomId.SELF, 1, LIST, 0, GrantStatus.GENERAL_ERROR);
        statusFrames(DomId.SELF, 0, LIST, 0, GrantStatus.OKAY);
        assertThat(setVersion(2)).isZero();
        statusFrames(DomId.SELF, 1, LIST, 0, GrantStatus.OKAY);
        assertThat(guest.memory().get(ValueLayout.JAVA_LONG, LIST)).isEqualTo(first);
        assertThat(guest.memory().get(ValueLayout.JAVA_LONG, LIST + 8)).isZero();
        assertThat(setVersion(1)).isZero();
        statusFrames(DomId.SELF, 1, LIST, 0, GrantStatus.GENERAL_ERROR);
    }

    private long setVersion(int version) {
        GnttabSetVersion.version(guest.memory(), 0, version);
        return call(GrantTableOp.SET_VERSION, 0, 1);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 3, -1, Integer.MAX_VALUE, Integer.MIN_VALUE})
    void g15_shouldKnowVersionsOneAndTwoOnly(int version) {
        assertThat(setVersion(version)).isEqualTo(-XenErrno.EINVAL);
        assertThat(GnttabSetVersion.version(guest.memory(), 0))
                .as("the version in force is told")
                .isEqualTo(1);
        assertThat(setVersion(2)).isZero();
        assertThat(setVersion(version)).isEqualTo(-XenErrno.EINVAL);
        assertThat(GnttabSetVersion.version(guest.memory(), 0)).isEqualTo(2);
    }

    /** Every operation that names a domain, on a domain that is none, or no ordinary one. */
    @ParameterizedTest
    @ValueSource(ints = {999, DomId.IO, DomId.XEN, DomId.COW, DomId.INVALID, DomId.IDLE, 65535})
    void g22_shouldRefuseDomainsThatAreNone(int dom) {
        refusedTables(dom, GrantStatus.BAD_DOMAIN, -XenErrno.ESRCH);
        GnttabMapGrantRef.dom(guest.memory(), 0, dom);
        GnttabMapGrantRef.flags(guest.memory(), 0, GrantMapFlags.HOST_MAP);
        assertThat(call(GrantTableOp.MAP_GRANT_REF, 0, 1)).isZero();
        assertThat(GnttabMapGrantRef.status(guest.memory(), 0)).isEqualTo(GrantStatus.BAD_DOMAIN);
    }

    @Test
    void g22_shouldRefuseTheTablesOfOthers() {
        refusedTables(other.domid(), GrantStatus.PERMISSION_DENIED, -XenErrno.EPERM);
        refusedTables(0, GrantStatus.PERMISSION_DENIED, -XenErrno.EPERM);
        assertThat(guest.memory().get(ValueLayout.JAVA_LONG, LIST)).isZero();
    }

    private void refusedTables(int dom, int status, long errno) {
        assertThat(setup(dom, 1, LIST)).isZero();
        assertThat(GnttabSetupTable.status(guest.memory(), 0)).isEqualTo(status);
        GnttabQuerySize.dom(guest.memory(), 0, dom);
        assertThat(call(GrantTableOp.QUERY_SIZE, 0, 1)).isZero();
        assertThat(GnttabQuerySize.status(guest.memory(), 0)).isEqualTo(status);
        statusFrames(dom, 1, LIST, 0, status);
        GnttabGetVersion.dom(guest.memory(), 0, dom);
        assertThat(call(GrantTableOp.GET_VERSION, 0, 1)).isEqualTo(errno);
    }

    @Test
    void shouldGrowWhenAskedAndNeverShrink() {
        Guest large = hypervisor.guest(new DomainLayout(Hypervisor.RAM_PAGES, 32, 1));
        int last = 32 * 512 - 1;
        large.grant(last, GrantFlags.PERMIT_ACCESS, 0, 5);
        GrantTable table = large.domain().grants();
        assertThat(table.frames()).isEqualTo(DomainLayout.INITIAL_GRANT_FRAMES);
        assertThat(table.pin(0, last, false)).isEqualTo(GrantStatus.BAD_GNTREF);
        GnttabSetupTable.dom(large.memory(), 0, DomId.SELF);
        GnttabSetupTable.nrFrames(large.memory(), 0, 32);
        GnttabSetupTable.frameList(large.memory(), 0, LIST);
        assertThat(hypervisor.call(large, Hypercall.GRANT_TABLE_OP, GrantTableOp.SETUP_TABLE, 0, 1))
                .isZero();
        assertThat(GnttabSetupTable.status(large.memory(), 0)).isEqualTo(GrantStatus.OKAY);
        assertThat(table.frames()).isEqualTo(32);
        assertThat(table.pin(0, last, false)).isEqualTo(5L * DomainLayout.PAGE_SIZE);
        table.unpin(last, false);
        GnttabSetupTable.nrFrames(large.memory(), 0, 1);
        assertThat(hypervisor.call(large, Hypercall.GRANT_TABLE_OP, GrantTableOp.SETUP_TABLE, 0, 1))
                .isZero();
        assertThat(table.frames()).isEqualTo(32);
    }

    @Test
    void shouldTellSizeAndVersion() {
        GnttabQuerySize.dom(guest.memory(), 0, DomId.SELF);
        assertThat(call(GrantTableOp.QUERY_SIZE, 0, 1)).isZero();
        assertThat(GnttabQuerySize.nrFrames(guest.memory(), 0)).isEqualTo(Hypervisor.GRANT_FRAMES);
        assertThat(GnttabQuerySize.maxNrFrames(guest.memory(), 0)).isEqualTo(Hypervisor.GRANT_FRAMES);
        assertThat(GnttabQuerySize.status(guest.memory(), 0)).isEqualTo(GrantStatus.OKAY);
        GnttabGetVersion.dom(guest.memory(), 0, guest.domid());
        assertThat(call(GrantTableOp.GET_VERSION, 0, 1)).isZero();
        assertThat(GnttabGetVersion.version(guest.memory(), 0)).isEqualTo(1);
    }

    @Test
    void g19_shouldWriteAStatusForEveryElement() {
        for (int i = 0; i < 200; i++) {
            long at = (long) i * GnttabSwapGrantRef.SIZE;
            GnttabSwapGrantRef.refA(guest.memory(), at, 8);
            GnttabSwapGrantRef.refB(guest.memory(), at, i % 3 == 0 ? -1 : 9);
            GnttabSwapGrantRef.status(guest.memory(), at, UNTOUCHED);
        }
        guest.stage(Hypercall.GRANT_TABLE_OP, GrantTableOp.SWAP_GRANT_REF, 0, 200);
        guest.push();
        HypercallRing ring = new HypercallRing(guest.domain(), 0, hypervisor.table());
        int slices = 0;
        while (ring.arm()) {
            ring.serve();
            slices++;
        }
        assertThat(slices).as("others got their turns in between").isGreaterThan(3);
        assertThat(guest.results()).containsExactly(0L);
        for (int i = 0; i < 200; i++) {
            assertThat(GnttabSwapGrantRef.status(guest.memory(), (long) i * GnttabSwapGrantRef.SIZE))
                    .isEqualTo(i % 3 == 0 ? GrantStatus.BAD_GNTREF : GrantStatus.OKAY);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1 << 20, 0x7fff_ffffL, 0x8000_0000L, 0xffff_ffffL, -1})
    void h6_shouldRefuseMoreElementsThanThereIsMemory(long count) {
        long error = (int) count < 0 ? -XenErrno.EINVAL : -XenErrno.EFAULT;
        for (int command : ARRAYS) {
            assertThat(call(command, 0, count)).as("command %d", command).isEqualTo(error);
        }
        for (int command :
                new int[] {GrantTableOp.SETUP_TABLE, GrantTableOp.QUERY_SIZE, GrantTableOp.GET_STATUS_FRAMES}) {
            assertThat(call(command, 0, count)).isEqualTo(-XenErrno.EINVAL);
        }
    }

    @Test
    void shouldTakeTheCountAsAnUnsignedInt() {
        for (int command : ARRAYS) {
            assertThat(call(command, 0, 1L << 32)).isZero();
            assertThat(call(command, -1, 0)).isEqualTo(-XenErrno.EFAULT);
            assertThat(call(command, RAM, 0)).isZero();
        }
        assertThat(call(GrantTableOp.QUERY_SIZE, 0, 0)).isEqualTo(-XenErrno.EINVAL);
        assertThat(call(GrantTableOp.QUERY_SIZE, 0, 2)).isEqualTo(-XenErrno.EINVAL);
    }

    @Test
    void h2_shouldRefuseArraysThatReachOutside() {
        int[][] sizes = {
            {GrantTableOp.COPY, GnttabCopy.SIZE},
            {GrantTableOp.MAP_GRANT_REF, GnttabMapGrantRef.SIZE},
            {GrantTableOp.SWAP_GRANT_REF, GnttabSwapGrantRef.SIZE}
        };
        for (int[] row : sizes) {
            for (int count : new int[] {1, 2, 32}) {
                long bytes = (long) count * row[1];
                long[] addresses = {
                    RAM - bytes + 1, RAM, -1, -bytes, Long.MIN_VALUE, Long.MAX_VALUE, Long.MAX_VALUE - bytes + 1
                };
                for (long at : addresses) {
                    assertThat(call(row[0], at, count))
                            .as("command %d at %x, %d elements", row[0], at, count)
                            .isEqualTo(-XenErrno.EFAULT);
                }
            }
        }
    }

    @Test
    void h5_shouldCheckTheArrayBeforeItWritesToTheFirstElement() {
        long at = RAM - GnttabSwapGrantRef.SIZE;
        GnttabSwapGrantRef.status(guest.memory(), at, UNTOUCHED);
        assertThat(call(GrantTableOp.SWAP_GRANT_REF, at, 2)).isEqualTo(-XenErrno.EFAULT);
        assertThat(GnttabSwapGrantRef.status(guest.memory(), at)).isEqualTo(UNTOUCHED);
        assertThat(call(GrantTableOp.SWAP_GRANT_REF, at, 1)).isZero();
        assertThat(GnttabSwapGrantRef.status(guest.memory(), at)).isEqualTo(GrantStatus.OKAY);
    }

    @Test
    void h1_shouldRefuseOperationsItDoesNotHave() {
        assertThat(call(GrantTableOp.DUMP_TABLE, -1, 1)).isEqualTo(-XenErrno.ENOSYS);
        for (int command = GrantTableOp.CACHE_FLUSH + 1; command < 64; command++) {
            assertThat(call(command, -1, 1)).as("command %d", command).isEqualTo(-XenErrno.ENOSYS);
        }
        assertThat(call(-1, -1, 1)).isEqualTo(-XenErrno.ENOSYS);
    }

    @Test
    void shouldTransferNoPages() {
        assertThat(call(GrantTableOp.TRANSFER, 0, 1)).isEqualTo(-XenErrno.EOPNOTSUPP);
    }

    @ParameterizedTest
    @CsvSource({
        "20480, 0, 4096, 1, 0",
        "20480, 0, 4096, 3, 0",
        "20480, 4095, 1, 2, -95",
        "20480, 0, 0, 1, 0",
        "20480, 0, 64, 0, 0",
        "20480, 4096, 0, 1, -22",
        "20480, 1, 4096, 1, -22",
        "20480, 0, 4097, 1, -22",
        "20480, 0, 64, 4, -22",
        "20480, 0, 64, -2147483647, -22",
        "-4096, 0, 64, 1, -22",
        "1099511627776, 0, 64, 1, -22",
    })
    void shouldHaveNothingToFlushInCoherentMemory(long address, int offset, int length, int op, long result) {
        GnttabCacheFlush.aDevBusAddr(guest.memory(), 0, address);
        GnttabCacheFlush.offset(guest.memory(), 0, offset);
        GnttabCacheFlush.length(guest.memory(), 0, length);
        GnttabCacheFlush.op(guest.memory(), 0, op);
        assertThat(call(GrantTableOp.CACHE_FLUSH, 0, 1)).isEqualTo(result);
    }

    @Test
    void shouldSurviveAListThatOverwritesItsOwnArgument() {
        // The frame list lies on the element itself: the guest ruins its own argument, and nothing else.
        assertThat(setup(DomId.SELF, Hypervisor.GRANT_FRAMES, 0)).isZero();
        assertThat(guest.memory().get(ValueLayout.JAVA_LONG_UNALIGNED, GnttabSetupTable.SIZE))
                .isZero();
    }
}
