// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.hypercall;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.splitvisor.abi.DomainFlags;
import io.splitvisor.abi.Hypercall;
import io.splitvisor.abi.ShutdownReason;
import io.splitvisor.abi.XenDomctl;
import io.splitvisor.abi.XenErrno;
import io.splitvisor.hypercall.HypercallOp;
import io.splitvisor.hypercall.ToolstackCalls;
import io.splitvisor.hypercall.ToolstackCalls.DomainState;
import io.splitvisor.monitor.Domain;
import io.splitvisor.monitor.Guest;
import io.splitvisor.monitor.Hypervisor;
import io.splitvisor.monitor.Machine;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** domctl and sysctl, as Dom0 and as others. */
class ToolstackCallsTest {
    private final Hypervisor hypervisor = new Hypervisor();
    private final Guest guest = hypervisor.guest();
    private final Domain dom0 = hypervisor.monitor().dom0();
    private final HypercallContext context = new HypercallContext(dom0, 0);
    private final ToolstackCalls calls = new ToolstackCalls(
            (number, word) -> hypervisor.table().run(context, number, word),
            dom0.memory().segment(),
            0);

    @AfterEach
    void nothingIsLeft() {
        hypervisor.close();
    }

    @Test
    void shouldTellADomainOrTheNextOne() {
        UUID handle = UUID.randomUUID();
        assertThat(calls.setHandle(guest.domid(), handle)).isZero();
        guest.domain().cpuNanos(() -> 123);
        DomainState state = calls.domain(guest.domid());
        assertThat(state.domid()).isEqualTo(guest.domid());
        assertThat(state.pages()).isEqualTo(Hypervisor.RAM_PAGES);
        assertThat(state.maxPages()).isEqualTo(Hypervisor.RAM_PAGES);
        assertThat(state.handle()).isEqualTo(handle);
        assertThat(state.cpuNanos()).isEqualTo(123);
        assertThat(state.vcpus()).isOne();
        assertThat(state.sharedInfoFrame()).isEqualTo(Hypervisor.RAM_PAGES);
        assertThat(state.has(DomainFlags.RUNNING)).isTrue();
        assertThat(calls.domain(0).domid()).isZero();
        Guest second = hypervisor.guest();
        hypervisor.monitor().destroy(guest.domain());
        assertThat(calls.domain(1).domid()).isEqualTo(second.domid());
        assertThatThrownBy(() -> calls.domain(3)).hasMessageContaining("ESRCH");
        assertThatThrownBy(() -> calls.domain(0x7ff0)).hasMessageContaining("EINVAL");
    }

    @Test
    void shouldListAllDomains() {
        for (int i = 0; i < 5; i++) {
            hypervisor.guest();
        }
        assertThat(calls.domains()).extracting(DomainState::domid).containsExactly(0, 1, 2, 3, 4, 5, 6);
    }

    @Test
    void l13_shouldPauseAndUnpauseOthersButNotItself() {
        assertThat(calls.unpause(guest.domid())).isEqualTo(-XenErrno.EINVAL);
        assertThat(calls.pause(guest.domid())).isZero();
        assertThat(guest.domain().paused()).isTrue();
        assertThat(calls.domain(guest.domid()).has(DomainFlags.PAUSED)).isTrue();
        assertThat(calls.unpause(guest.domid())).isZero();
        assertThat(guest.domain().paused()).isFalse();
        assertThat(calls.pause(0)).isEqualTo(-XenErrno.EINVAL);
        assertThat(calls.pause(99)).isEqualTo(-XenErrno.ESRCH);
        assertThat(calls.pause(0x7ff0)).isEqualTo(-XenErrno.ESRCH);
    }

    @Test
    void shouldLimitMemory() {
        assertThat(calls.maxMem(guest.domid(), 100 * 4 + 3)).isZero();
        assertThat(guest.domain().memory().reservation().limit()).isEqualTo(100);
        assertThat(calls.maxMem(guest.domid(), -1)).isZero();
        assertThat(guest.domain().memory().reservation().limit()).isEqualTo(0xffff_ffffL);
    }

    @Test
    void shouldKnowVcpus() {
        assertThat(calls.vcpu(guest.domid(), 0).online()).isTrue();
        assertThatThrownBy(() -> calls.vcpu(guest.domid(), 1)).hasMessageContaining("EINVAL");
        assertThat(calls.maxVcpus(guest.domid(), 1)).isZero();
        assertThat(calls.maxVcpus(guest.domid(), 2)).isEqualTo(-XenErrno.EINVAL);
    }

    @Test
    void shouldTellHowADomainEndedAndTakeItAway() {
        guest.domain().shutdown(ShutdownReason.REBOOT.code());
        DomainState state = calls.domain(guest.domid());
        assertThat(state.has(DomainFlags.SHUTDOWN)).isTrue();
        assertThat(state.flags() >>> DomainFlags.SHUTDOWNSHIFT & 0xff).isEqualTo(ShutdownReason.REBOOT.code());
        assertThat(calls.destroy(guest.domid())).isZero();
        assertThat(hypervisor.monitor().find(guest.domid())).isNull();
        assertThat(calls.destroy(guest.domid())).isEqualTo(-XenErrno.ESRCH);
    }

    @Test
    void shouldTellAboutTheHostAndItsLog() {
        byte[] log = "a line\n".repeat(20_000).getBytes(StandardCharsets.UTF_8);
        hypervisor.monitor().machine(new Machine() {
            @Override
            public int processors() {
                return 7;
            }

            @Override
            public long khz() {
                return 1000;
            }

            @Override
            public long totalPages() {
                return 1 << 20;
            }

            @Override
            public long freePages() {
                return 1 << 19;
            }

            @Override
            public LogText readLog(int from, int most, boolean clear) {
                int end = Math.min(log.length, from + most);
                return new LogText(Arrays.copyOfRange(log, from, end), end);
            }
        });
        assertThat(calls.host().cpus()).isEqualTo(7);
        assertThat(calls.host().totalPages()).isEqualTo(1 << 20);
        assertThat(calls.availableBytes()).isEqualTo(1L << 31);
        assertThat(calls.readConsole(false)).isEqualTo(new String(log, StandardCharsets.UTF_8));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 20, 22, -1})
    void shouldRefuseAnotherInterfaceVersion(int version) {
        XenDomctl.interfaceVersion(dom0.memory().segment(), 0, version);
        for (int number : new int[] {Hypercall.DOMCTL, Hypercall.SYSCTL}) {
            assertThat(hypervisor.table().run(context, number, 0)).isEqualTo(-XenErrno.EACCES);
        }
    }

    @ParameterizedTest
    @EnumSource
    void h11_shouldAnswerGuestsBeforeAnythingElse(HypercallOp op) {
        if (op.privileged()) {
            XenDomctl.cmd(guest.memory(), 4096, op.command());
            XenDomctl.interfaceVersion(guest.memory(), 4096, 21);
            XenDomctl.domain(guest.memory(), 4096, guest.domid());
            for (long at : new long[] {4096, -1, 0}) {
                assertThat(hypervisor.call(guest, op.number(), at)).isEqualTo(-XenErrno.EPERM);
            }
        }
        assertThat(guest.domain().ended()).isFalse();
        assertThat(guest.domain().paused()).isFalse();
    }
}
