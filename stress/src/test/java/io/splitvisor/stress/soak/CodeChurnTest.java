// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.stress.soak;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.splitvisor.vcpu.Clock;
import io.splitvisor.vcpu.Cpuid;
import io.splitvisor.vcpu.Exit;
import io.splitvisor.vcpu.Interrupts;
import io.splitvisor.vcpu.Registers;
import io.splitvisor.vcpu.Tiers;
import io.splitvisor.vcpu.Vcpu;
import io.splitvisor.vcpu.mmu.GuestMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ClassLoadingMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.time.Duration;
import java.util.HexFormat;
import java.util.function.Predicate;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What the JVM holds while a guest keeps rewriting its hot code, and processors come and go: after many turns classes, metaspace
 * and code cache must be what they were after few. Property {@code churn.turns} makes it longer, and {@code churn.print} shows
 * every turn.
 */
class CodeChurnTest {
    private static final int WARM = 3;
    private static final int TURNS = Integer.getInteger("churn.turns", 4);
    private static final int REWRITES = 1000;
    private static final int CALLS = 60;
    /** The JVM frees in chunks, and compiles more of itself with time. */
    private static final long SLACK = 4 << 20;

    private static final int RAM = 2 << 20;
    private static final int CODE = 0x10000;
    private static final int FUNCTIONS = 0x11000;
    private static final int FUNCTION_BYTES = 64;

    /** Sixteen functions are rewritten in turn and called until they are hot again. */
    private static final byte[] MAIN = HexFormat.of()
            .parseHex("41bc%08x4489e383e30fc1e3068db3%08x44896601b9%08x"
                    .formatted(
                            Integer.reverseBytes(REWRITES),
                            Integer.reverseBytes(FUNCTIONS),
                            Integer.reverseBytes(CALLS))
                    .concat("ffd64901c5ffc975f741ffcc75daf4"));

    /** mov eax, N; lea rax, [rax+1]; ret. */
    private static final byte[] FUNCTION = HexFormat.of().parseHex("b878563412488d4001c3");

    private static final ClassLoadingMXBean LOADING = ManagementFactory.getClassLoadingMXBean();

    /** What the JVM holds. */
    private record Held(long classes, long metaspace, long codeCache) {
        static Held now() {
            System.gc();
            System.gc();
            return new Held(
                    LOADING.getLoadedClassCount(),
                    used("Metaspace"::equals),
                    used(name -> name.startsWith("CodeHeap") || name.equals("CodeCache")));
        }

        void requireNoMoreThan(Held other) {
            assertThat(classes).as("classes").isLessThan(other.classes + 200);
            assertThat(metaspace).as("metaspace").isLessThan(other.metaspace + SLACK);
            assertThat(codeCache).as("code cache").isLessThan(other.codeCache + SLACK);
        }

        private static long used(Predicate<String> pool) {
            return ManagementFactory.getMemoryPoolMXBeans().stream()
                    .filter(p -> pool.test(p.getName()))
                    .map(MemoryPoolMXBean::getUsage)
                    .mapToLong(u -> u.getUsed())
                    .sum();
        }
    }

    /** Runs the program on a new processor, and returns how many translations were dropped. */
    private static long turn(Tiers tiers) {
        MemorySegment ram = Arena.ofAuto().allocate(RAM, 4096);
        // One page of 2 MiB, mapped one to one.
        ram.set(ValueLayout.JAVA_LONG, 0x1000, 0x2003);
        ram.set(ValueLayout.JAVA_LONG, 0x2000, 0x3003);
        ram.set(ValueLayout.JAVA_LONG, 0x3000, 0x83);
        MemorySegment.copy(MAIN, 0, ram, ValueLayout.JAVA_BYTE, CODE, MAIN.length);
        for (int n = 0; n < 16; n++) {
            int at = FUNCTIONS + n * FUNCTION_BYTES;
            MemorySegment.copy(FUNCTION, 0, ram, ValueLayout.JAVA_BYTE, at, FUNCTION.length);
        }
        Vcpu vcpu = new Vcpu(GuestMemory.flat(ram), Cpuid.baseline(), Interrupts.NEVER, Clock.INSTRUCTIONS, tiers);
        Registers r = vcpu.registers();
        r.system(0x8001_0033L, 0x1000, 0x20, 0x500);
        r.segment(1, new Registers.SegmentValue(8, 0, -1, 0xa09b));
        r.segment(2, new Registers.SegmentValue(16, 0, -1, 0xc093));
        r.general(4, RAM);
        r.rip(CODE);
        Exit exit = Exit.BUDGET;
        while (exit == Exit.BUDGET) {
            exit = vcpu.run(1_000_000);
        }
        assertThat(exit).isEqualTo(Exit.HALT);
        assertThat(r.general(13)).isEqualTo(CALLS * ((long) REWRITES * (REWRITES + 1) / 2 + REWRITES));
        assertThat(vcpu.translation().failed()).isZero();
        return vcpu.translation().dropped();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldHoldNoMoreAfterManyTurns(boolean background) {
        Tiers tiers = new Tiers(background ? 8 : Tiers.EVERYTHING, background, true);
        long unloadedBefore = LOADING.getUnloadedClassCount();
        long dropped = 0;
        Held warm = null;
        for (int turn = 0; turn < WARM + TURNS; turn++) {
            dropped += turn(tiers);
            Held held = Held.now();
            warm = turn < WARM ? held : warm;
            if (Boolean.getBoolean("churn.print")) {
                System.out.println("turn " + turn + ": " + held + ", translations dropped " + dropped
                        + ", classes unloaded " + (LOADING.getUnloadedClassCount() - unloadedBefore));
            }
        }
        // Translations that are on their way when a turn ends arrive soon, and are forgotten with their processor.
        Held reference = warm;
        await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> Held.now().requireNoMoreThan(reference));
        if (!background) {
            assertThat(dropped).isGreaterThan((long) TURNS * REWRITES / 2);
            assertThat(LOADING.getUnloadedClassCount() - unloadedBefore).isGreaterThan(dropped / 2);
        }
    }
}
