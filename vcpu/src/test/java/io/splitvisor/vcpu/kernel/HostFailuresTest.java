// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.splitvisor.vcpu.Clock;
import io.splitvisor.vcpu.Cpuid;
import io.splitvisor.vcpu.Exit;
import io.splitvisor.vcpu.Interrupts;
import io.splitvisor.vcpu.Tiers;
import io.splitvisor.vcpu.Vcpu;
import io.splitvisor.vcpu.mmu.GuestMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HexFormat;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Host interfaces that fail: the guest loses nothing. */
class HostFailuresTest {
    private static final long CODE = 0x1000;
    private static final long TABLES = 0x20000;
    /** INC ESI; what is given; INC ESI; HLT. */
    private static final String BEFORE = "ffc6";

    private static final String AFTER = "ffc6f4";
    private static final String LOAD = "488b3c2500001000";
    private static final String CPUID = "0fa2";
    private static final String RDTSC = "0f31";
    private static final String NOP = "90";
    private static final int RSI = 6;

    private static final class HostException extends RuntimeException {
        private static final long serialVersionUID = 1;
    }

    private final MemorySegment ram = Arena.ofAuto().allocate(2 << 20, 4096);
    private boolean fails = true;

    private <T> T unlessFailing(T value) {
        if (fails) {
            throw new HostException();
        }
        return value;
    }

    /** Flat, but for the page at 1 MiB, which can fail. */
    private final GuestMemory memory = new GuestMemory() {
        @Override
        public MemorySegment ram() {
            return ram;
        }

        @Override
        public long page(long gfn) {
            return gfn >= 512 ? NO_PAGE : gfn == 256 ? unlessFailing(gfn << 12) : gfn << 12;
        }
    };

    private static Tiers tiers(boolean translated) {
        return translated ? Tiers.atOnce(Tiers.EVERYTHING) : Tiers.INTERPRETER;
    }

    private void check(Vcpu vcpu, String instruction, Class<? extends RuntimeException> thrown) {
        byte[] code = HexFormat.of().parseHex(BEFORE + instruction + AFTER);
        MemorySegment.copy(code, 0, ram, ValueLayout.JAVA_BYTE, CODE, code.length);
        LongMode.enter(vcpu, ram, CODE, TABLES);
        vcpu.registers().general(RSI, 0);
        for (int n = 0; n < 3; n++) {
            assertThatThrownBy(() -> vcpu.run(1000)).isInstanceOf(thrown);
            assertThat(vcpu.registers().rip()).as("before the instruction").isEqualTo(CODE + 2);
            assertThat(vcpu.registers().general(RSI)).isEqualTo(1);
            assertThat(vcpu.retired()).isEqualTo(1);
        }
        fails = false;
        assertThat(vcpu.run(1000)).isEqualTo(Exit.HALT);
        assertThat(vcpu.registers().general(RSI)).isEqualTo(2);
        assertThat(vcpu.retired()).isEqualTo(4);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldStandBeforeALoadWhoseMemoryFails(boolean translated) {
        var vcpu = new Vcpu(memory, Cpuid.baseline(), Interrupts.NEVER, Clock.INSTRUCTIONS, tiers(translated));
        check(vcpu, LOAD, HostException.class);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldStandBeforeCpuidThatFails(boolean translated) {
        // It answers until the processor has been made.
        fails = false;
        var vcpu = new Vcpu(
                memory,
                (eax, ecx) -> unlessFailing(Cpuid.Leaf.ZERO),
                Interrupts.NEVER,
                Clock.INSTRUCTIONS,
                tiers(translated));
        fails = true;
        check(vcpu, CPUID, HostException.class);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldStandBeforeAClockThatFails(boolean translated) {
        var vcpu = new Vcpu(
                memory, Cpuid.baseline(), Interrupts.NEVER, instructions -> unlessFailing(1L), tiers(translated));
        check(vcpu, RDTSC, HostException.class);
    }

    @ParameterizedTest
    @ValueSource(ints = {-2, 256, Integer.MAX_VALUE})
    void shouldRefuseInterruptsWithoutAVectorAndAskAgain(int vector) {
        var vcpu = new Vcpu(
                memory,
                Cpuid.baseline(),
                taskPriority -> fails ? vector : Interrupts.NONE,
                Clock.INSTRUCTIONS,
                Tiers.INTERPRETER);
        byte[] code = HexFormat.of().parseHex(BEFORE + NOP + AFTER);
        MemorySegment.copy(code, 0, ram, ValueLayout.JAVA_BYTE, CODE, code.length);
        LongMode.enter(vcpu, ram, CODE, TABLES);
        vcpu.registers().rflags(0x202);
        vcpu.interrupt();
        for (int n = 0; n < 2; n++) {
            assertThatThrownBy(() -> vcpu.run(1000)).isInstanceOf(IllegalStateException.class);
            assertThat(vcpu.registers().rip()).isEqualTo(CODE);
        }
        fails = false;
        assertThat(vcpu.run(1000)).isEqualTo(Exit.HALT);
    }
}
