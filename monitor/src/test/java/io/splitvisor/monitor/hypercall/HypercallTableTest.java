// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.hypercall;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.abi.Hypercall;
import io.splitvisor.abi.MulticallEntry;
import io.splitvisor.abi.XenErrno;
import io.splitvisor.abi.evtchn.EventChannelOp;
import io.splitvisor.attach.CallMarker;
import io.splitvisor.hypercall.HypercallArgument;
import io.splitvisor.hypercall.HypercallOp;
import io.splitvisor.monitor.Guest;
import io.splitvisor.monitor.Hypervisor;
import java.util.Arrays;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class HypercallTableTest {
    private final Hypervisor hypervisor = new Hypervisor();
    private final Guest guest = hypervisor.guest();

    @AfterEach
    void nothingIsLeft() {
        hypervisor.close();
    }

    @ParameterizedTest
    @ValueSource(longs = {-1, 63, 64, 65, 1L << 32, (1L << 32) + 17, Long.MAX_VALUE, Long.MIN_VALUE})
    void h1_shouldRefuseNumbersOutOfRange(long number) {
        assertThat(hypervisor.call(guest, number)).isEqualTo(-XenErrno.ENOSYS);
    }

    @Test
    void h1_shouldRefuseEveryNumberThatIsNotInTheTable() {
        Set<Integer> known =
                Arrays.stream(HypercallOp.values()).map(HypercallOp::number).collect(Collectors.toSet());
        for (int number = 0; number < 64; number++) {
            if (!known.contains(number) && number != Hypercall.PLATFORM_OP) {
                assertThat(hypervisor.call(guest, number))
                        .as("hypercall %d", number)
                        .isEqualTo(-XenErrno.ENOSYS);
            }
        }
    }

    @Test
    void h11_shouldRefuseThePlatformToGuests() {
        assertThat(hypervisor.call(guest, Hypercall.PLATFORM_OP, -1)).isEqualTo(-XenErrno.EPERM);
    }

    @ParameterizedTest
    @EnumSource
    void h11_shouldRefuseWhatIsForPrivilegedDomainsBeforeItLooksAtArguments(HypercallOp op) {
        if (op.privileged()) {
            assertThat(hypervisor.call(guest, op.number(), -1, -1, -1)).isEqualTo(-XenErrno.EPERM);
        }
    }

    @ParameterizedTest
    @EnumSource
    void h2_shouldRefuseStructuresThatLieOutside(HypercallOp op) {
        HypercallArgument argument = op.argument();
        if (argument.kind() == HypercallArgument.Kind.NONE || op.privileged() || op.countsExtents()) {
            return;
        }
        long ram = (long) Hypervisor.RAM_PAGES * 4096;
        for (long at : new long[] {ram - argument.size() + 1, ram, -1, Long.MAX_VALUE, Long.MIN_VALUE}) {
            long[] words = new long[6];
            words[0] = op.command();
            words[argument.word()] = at;
            if (argument.kind() == HypercallArgument.Kind.ARRAY) {
                words[argument.word() + 1] = 1;
            }
            assertThat(hypervisor.call(guest, op.number(), words))
                    .as("at %x", at)
                    .isEqualTo(-XenErrno.EFAULT);
        }
    }

    /** What is written, or longer than the words behind the address, cannot lie in the call. */
    @ParameterizedTest
    @EnumSource
    void h2_shouldTakeOnlyWhatItReadsFromTheCallItself(HypercallOp op) {
        HypercallArgument argument = op.argument();
        int left = (MulticallEntry.NR_ARGS - 1 - argument.word()) * Long.BYTES;
        if (argument.kind() == HypercallArgument.Kind.NONE
                || op.privileged()
                || op.countsExtents()
                || argument.kind() == HypercallArgument.Kind.IN && argument.size() <= left) {
            return;
        }
        long[] words = new long[MulticallEntry.NR_ARGS];
        words[0] = op.command();
        words[argument.word()] = CallMarker.IN_CALL;
        if (argument.kind() == HypercallArgument.Kind.ARRAY) {
            words[argument.word() + 1] = 1;
        }
        assertThat(hypervisor.call(guest, op.number(), words)).isEqualTo(-XenErrno.EFAULT);
    }

    @Test
    void shouldTakeAStructureFromTheCallItself() {
        int port = guest.domain().events().allocUnbound(0);
        int dom0Port = hypervisor.monitor().dom0Events().bindInterdomain(guest.domid(), port);
        int before = hypervisor.dom0().raised(dom0Port);
        // The upper half of the word is no part of the structure.
        long word = 0x1234_5678L << 32 | port;
        assertThat(hypervisor.call(guest, Hypercall.EVENT_CHANNEL_OP, EventChannelOp.SEND, CallMarker.IN_CALL, word))
                .isZero();
        assertThat(hypervisor.dom0().raised(dom0Port)).isEqualTo(before + 1);
        assertThat(hypervisor.call(
                        guest, Hypercall.EVENT_CHANNEL_OP, EventChannelOp.SEND, CallMarker.IN_CALL, port + 1))
                .isEqualTo(-XenErrno.EINVAL);
    }

    @ParameterizedTest
    @ValueSource(longs = {-1, 63, 64, 4096, Integer.MAX_VALUE, 1L << 31, 1L << 32, (1L << 32) + 4, Long.MIN_VALUE})
    void h1_shouldRefuseUnknownSubOperations(long command) {
        for (HypercallOp op : HypercallOp.values()) {
            if (op.command() != HypercallOp.NO_COMMAND && !op.privileged() && !op.extentsInCommand()) {
                assertThat(hypervisor.call(guest, op.number(), command, 4096, 1))
                        .as("%s, command %d", op, command)
                        .isEqualTo(-XenErrno.ENOSYS);
            }
        }
    }

    @Test
    void shouldFitEveryStructure() {
        assertThat(HypercallOp.values()).allMatch(op -> op.argument().size() <= HypercallContext.ARGUMENT_BYTES);
    }
}
