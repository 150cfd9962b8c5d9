// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.kernel;

import static org.assertj.core.api.Assertions.assertThat;

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
import java.lang.invoke.VarHandle;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** How soon a processor that is busy sees what somebody wants of it: interrupts, stops and shootdowns take the same way. */
class LookingUpTest {
    private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();
    private static final long COUNTER = 0x20000;
    private static final int ROUNDS = 200;

    /** Loops that count their turns, with the instructions of a turn. */
    private static final Map<String, Integer> LOOPS = Map.of(
            "1: inc qword ptr [0x20000]\njmp 1b",
            2,
            "1: call 2f\njmp 1b\n2: inc qword ptr [0x20000]\nret",
            4,
            "1: mov edi, 0x30000\nmov ecx, 3000\nrep stosb\ninc qword ptr [0x20000]\njmp 1b",
            3004);

    @Test
    void shouldLookUpWithinTheBoundWhenInterpreting() {
        LOOPS.forEach((loop, length) -> measure(loop, length, Tiers.INTERPRETER));
    }

    @Test
    void shouldLookUpWithinTheBoundWhenTranslating() {
        LOOPS.forEach((loop, length) -> measure(loop, length, Tiers.atOnce(50)));
    }

    private static void measure(String loop, int length, Tiers tiers) {
        try (Arena arena = Arena.ofShared()) {
            MemorySegment ram = arena.allocate(2 << 20, 4096);
            byte[] code = TestKernel.assembleAt(0x1000, loop);
            MemorySegment.copy(code, 0, ram, ValueLayout.JAVA_BYTE, 0x1000, code.length);
            Vcpu v = new Vcpu(GuestMemory.flat(ram), Cpuid.baseline(), Interrupts.NEVER, Clock.INSTRUCTIONS, tiers);
            LongMode.enter(v, ram, 0x1000, 0x80000);
            assertThat(v.run(1_000_000)).isEqualTo(Exit.BUDGET);
            assertThat(v.translation().translated() > 0).isEqualTo(tiers.translates());
            for (int n = 0; n < ROUNDS; n++) {
                long turns = turnsAfterStop(v, ram);
                assertThat(turns * length).as(loop).isLessThanOrEqualTo(Vcpu.LOOKS_UP);
            }
        }
    }

    /** Turns of the loop that somebody saw who had asked the processor to stop. */
    private static long turnsAfterStop(Vcpu v, MemorySegment ram) {
        long from = turns(ram);
        long[] seen = new long[1];
        Thread other = Thread.ofPlatform().start(() -> {
            while (turns(ram) < from + 3) {
                Thread.onSpinWait();
            }
            v.stop();
            // Read afterwards: however late, it makes the difference smaller, never larger.
            seen[0] = turns(ram);
        });
        assertThat(v.run(Long.MAX_VALUE >> 1)).isEqualTo(Exit.STOPPED);
        try {
            other.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
        return turns(ram) - seen[0];
    }

    private static long turns(MemorySegment ram) {
        return (long) LONG.getAcquire(ram, COUNTER);
    }
}
