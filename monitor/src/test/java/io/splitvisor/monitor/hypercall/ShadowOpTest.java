// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.hypercall;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.splitvisor.abi.Hypercall;
import io.splitvisor.abi.ShadowOp;
import io.splitvisor.abi.XenErrno;
import io.splitvisor.abi.paging.PagingMode;
import io.splitvisor.abi.paging.PagingTrap;
import io.splitvisor.attach.DomainLayout;
import io.splitvisor.hypercall.ToolstackCalls;
import io.splitvisor.monitor.Domain;
import io.splitvisor.monitor.Guest;
import io.splitvisor.monitor.Hypervisor;
import io.splitvisor.monitor.paging.PagingConfig;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What the toolstack asks about page tables: their memory, and the log of changed frames. */
class ShadowOpTest {
    private static final DomainLayout LAYOUT = new DomainLayout(1024, 2, 1);

    private final Hypervisor hypervisor = new Hypervisor();
    private final Guest guest = hypervisor.guest(LAYOUT, PagingConfig.of(PagingMode.EPT, LAYOUT));
    private final Domain dom0 = hypervisor.monitor().dom0();
    private final HypercallContext context = new HypercallContext(dom0, 0);
    private final ToolstackCalls calls = new ToolstackCalls(
            (number, word) -> hypervisor.table().run(context, number, word),
            dom0.memory().segment(),
            0);
    private final long bitmap = ToolstackCalls.BYTES;

    @AfterEach
    void nothingIsLeft() {
        hypervisor.close();
    }

    private void write(long frame) {
        hypervisor.call(guest, Hypercall.ARCH_7, PagingTrap.EPT_VIOLATION, frame << 12, PagingTrap.WRITE_ACCESS);
    }

    private long word(int index) {
        return dom0.memory().segment().get(ValueLayout.JAVA_LONG, bitmap + 8L * index);
    }

    @Test
    void t8_shouldLogChangedFrames() {
        assertThatThrownBy(() -> calls.dirtyLog(guest.domid(), false, bitmap, 1024))
                .hasMessageContaining("EINVAL");
        assertThat(calls.shadowOp(guest.domid(), ShadowOp.ENABLE_LOGDIRTY, 0)).isZero();
        assertThat(calls.shadowOp(guest.domid(), ShadowOp.ENABLE_LOGDIRTY, 0)).isEqualTo(-XenErrno.EINVAL);
        write(3);
        write(70);
        dom0.memory().segment().asSlice(bitmap, 4096).fill((byte) 0x55);
        assertThat(calls.dirtyLog(guest.domid(), false, bitmap, 128)).isEqualTo(128);
        assertThat(word(0)).isEqualTo(1L << 3);
        assertThat(word(1)).isEqualTo(1L << 6);
        assertThat(word(2)).isEqualTo(0x5555_5555_5555_5555L);
        assertThat(calls.dirtyLog(guest.domid(), true, bitmap, 4096)).isBetween(1024L, 1100L);
        assertThat(word(0)).isEqualTo(1L << 3);
        calls.dirtyLog(guest.domid(), true, bitmap, 128);
        assertThat(word(0)).isZero();
        assertThat(calls.shadowOp(guest.domid(), ShadowOp.OFF, 0)).isZero();
        assertThat(calls.shadowOp(guest.domid(), ShadowOp.OFF, 0)).isZero();
    }

    @Test
    void t8_shouldNotForgetWhatItCouldNotTell() {
        calls.shadowOp(guest.domid(), ShadowOp.ENABLE_LOGDIRTY, 0);
        write(3);
        assertThatThrownBy(() -> calls.dirtyLog(guest.domid(), true, -8, 128)).hasMessageContaining("EFAULT");
        assertThatThrownBy(() -> calls.dirtyLog(guest.domid(), true, bitmap, -1))
                .hasMessageContaining("EFAULT");
        assertThat(calls.dirtyLog(guest.domid(), true, bitmap, 64)).isEqualTo(64);
        assertThat(word(0)).isEqualTo(1L << 3);
        // Nothing but emptied.
        write(4);
        assertThat(calls.dirtyLog(guest.domid(), true, 0, 64)).isZero();
        calls.dirtyLog(guest.domid(), false, bitmap, 64);
        assertThat(word(0)).isZero();
    }

    @Test
    void t3_shouldSetTheMemoryForTables() {
        DomainLayout large = new DomainLayout(1024, 2, 4);
        int domid = hypervisor
                .guest(large, PagingConfig.of(PagingMode.SHADOW, large))
                .domid();
        assertThat(calls.tableMib(domid)).isEqualTo(5);
        assertThat(calls.shadowOp(domid, ShadowOp.SET_ALLOCATION, 2)).isZero();
        assertThat(calls.tableMib(domid)).isEqualTo(2);
        assertThat(calls.shadowOp(domid, ShadowOp.SET_ALLOCATION, 6)).isEqualTo(-XenErrno.ENOMEM);
        assertThat(calls.shadowOp(domid, ShadowOp.SET_ALLOCATION, -1)).isEqualTo(-XenErrno.ENOMEM);
        assertThat(calls.shadowOp(domid, ShadowOp.SET_ALLOCATION, 0)).isEqualTo(-XenErrno.EINVAL);
        assertThat(calls.tableMib(domid)).isEqualTo(2);
    }

    @ParameterizedTest
    @EnumSource(
            value = PagingMode.class,
            names = {"NONE", "REGISTERED"})
    void shouldSayWhereThereIsNoLog(PagingMode mode) {
        int domid = hypervisor.guest(LAYOUT, PagingConfig.of(mode, LAYOUT)).domid();
        assertThat(calls.shadowOp(domid, ShadowOp.ENABLE_LOGDIRTY, 0)).isEqualTo(-XenErrno.EOPNOTSUPP);
        assertThat(calls.shadowOp(domid, ShadowOp.ENABLE_TEST, 0)).isEqualTo(-XenErrno.EINVAL);
        assertThat(calls.shadowOp(0, ShadowOp.GET_ALLOCATION, 0)).isEqualTo(-XenErrno.EINVAL);
        assertThat(calls.shadowOp(77, ShadowOp.GET_ALLOCATION, 0)).isEqualTo(-XenErrno.ESRCH);
    }
}
