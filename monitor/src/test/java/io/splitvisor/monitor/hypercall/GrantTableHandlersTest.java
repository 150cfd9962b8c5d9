// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.hypercall;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.abi.DomId;
import io.splitvisor.abi.Hypercall;
import io.splitvisor.abi.XenErrno;
import io.splitvisor.abi.grant.GnttabGetVersion;
import io.splitvisor.abi.grant.GnttabQuerySize;
import io.splitvisor.abi.grant.GnttabSetupTable;
import io.splitvisor.abi.grant.GrantStatus;
import io.splitvisor.abi.grant.GrantTableOp;
import io.splitvisor.attach.DomainLayout;
import io.splitvisor.monitor.Guest;
import io.splitvisor.monitor.Hypervisor;
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
        "3, 8192",
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
    void g17_shouldWriteNoListThatIsTooLongOrLiesOutside(int frames, long list) {
        assertThat(setup(DomId.SELF, frames, list)).isZero();
        assertThat(GnttabSetupTable.status(guest.memory(), 0)).isEqualTo(GrantStatus.GENERAL_ERROR);
        assertThat(guest.memory().get(ValueLayout.JAVA_LONG, RAM - 8)).isZero();
        assertThat(guest.memory().get(ValueLayout.JAVA_LONG, LIST)).isZero();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 999, DomId.IO, DomId.XEN, DomId.COW, DomId.IDLE, 65535})
    void g22_shouldRefuseOtherAndSystemDomains(int dom) {
        assertThat(setup(dom, 1, LIST)).isZero();
        assertThat(GnttabSetupTable.status(guest.memory(), 0)).isEqualTo(GrantStatus.PERMISSION_DENIED);
        GnttabQuerySize.dom(guest.memory(), 0, dom);
        assertThat(call(GrantTableOp.QUERY_SIZE, 0, 1)).isZero();
        assertThat(GnttabQuerySize.status(guest.memory(), 0)).isEqualTo(GrantStatus.PERMISSION_DENIED);
        GnttabGetVersion.dom(guest.memory(), 0, dom);
        assertThat(call(GrantTableOp.GET_VERSION, 0, 1)).isEqualTo(-XenErrno.EPERM);
    }

    @Test
    void g22_shouldRefuseAnotherGuestsTable() {
        assertThat(setup(other.domid(), 1, LIST)).isZero();
        assertThat(GnttabSetupTable.status(guest.memory(), 0)).isEqualTo(GrantStatus.PERMISSION_DENIED);
        assertThat(guest.memory().get(ValueLayout.JAVA_LONG, LIST)).isZero();
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
        for (int i = 0; i < 32; i++) {
            long at = (long) i * GnttabQuerySize.SIZE;
            GnttabQuerySize.dom(guest.memory(), at, i % 3 == 0 ? other.domid() : DomId.SELF);
            GnttabQuerySize.status(guest.memory(), at, UNTOUCHED);
        }
        assertThat(call(GrantTableOp.QUERY_SIZE, 0, 32)).isZero();
        for (int i = 0; i < 32; i++) {
            assertThat(GnttabQuerySize.status(guest.memory(), (long) i * GnttabQuerySize.SIZE))
                    .isEqualTo(i % 3 == 0 ? GrantStatus.PERMISSION_DENIED : GrantStatus.OKAY);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1 << 20, 0x7fff_ffffL, 0x8000_0000L, 0xffff_ffffL, -1})
    void h6_shouldRefuseMoreElementsThanThereIsMemory(long count) {
        long error = (int) count < 0 ? -XenErrno.EINVAL : -XenErrno.EFAULT;
        for (int command : new int[] {GrantTableOp.SETUP_TABLE, GrantTableOp.QUERY_SIZE, GrantTableOp.GET_VERSION}) {
            assertThat(call(command, 0, count)).isEqualTo(error);
        }
    }

    @Test
    void shouldTakeTheCountAsAnUnsignedInt() {
        assertThat(call(GrantTableOp.QUERY_SIZE, 0, 1L << 32)).isZero();
        assertThat(call(GrantTableOp.QUERY_SIZE, -1, 0)).isEqualTo(-XenErrno.EFAULT);
        assertThat(call(GrantTableOp.QUERY_SIZE, RAM, 0)).isZero();
    }

    @Test
    void h2_shouldRefuseArraysThatReachOutside() {
        int[][] sizes = {
            {GrantTableOp.SETUP_TABLE, GnttabSetupTable.SIZE},
            {GrantTableOp.QUERY_SIZE, GnttabQuerySize.SIZE},
            {GrantTableOp.GET_VERSION, GnttabGetVersion.SIZE}
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
        long at = RAM - GnttabQuerySize.SIZE;
        GnttabQuerySize.dom(guest.memory(), at, DomId.SELF);
        GnttabQuerySize.status(guest.memory(), at, UNTOUCHED);
        assertThat(call(GrantTableOp.QUERY_SIZE, at, 2)).isEqualTo(-XenErrno.EFAULT);
        assertThat(GnttabQuerySize.status(guest.memory(), at)).isEqualTo(UNTOUCHED);
        assertThat(call(GrantTableOp.QUERY_SIZE, at, 1)).isZero();
        assertThat(GnttabQuerySize.status(guest.memory(), at)).isEqualTo(GrantStatus.OKAY);
    }

    @Test
    void h1_shouldRefuseOperationsItDoesNotHave() {
        for (int command = -1; command < 64; command++) {
            if (command != GrantTableOp.SETUP_TABLE
                    && command != GrantTableOp.QUERY_SIZE
                    && command != GrantTableOp.GET_VERSION) {
                assertThat(call(command, -1, 1)).as("command %d", command).isEqualTo(-XenErrno.ENOSYS);
            }
        }
    }

    @Test
    void shouldSurviveAListThatOverwritesItsOwnArgument() {
        // The frame list lies on the element itself: the guest ruins its own argument, and nothing else.
        assertThat(setup(DomId.SELF, Hypervisor.GRANT_FRAMES, 0)).isZero();
        assertThat(guest.memory().get(ValueLayout.JAVA_LONG_UNALIGNED, GnttabSetupTable.SIZE))
                .isZero();
    }
}
