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
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Several processors on one memory: what x86-TSO forbids is never seen, and locked instructions are atomic. Litmus tests
 * run in 32-bit code without paging or in a loop of their own, both interpreted and translated.
 */
class SeveralProcessorsTest {
    /** Where results and shared words lie: each in a line of its own. */
    private static final int X = 0x10000;

    private static final int Y = 0x10080;
    private static final int RESULTS = 0x20000;
    private static final int ROUNDS = Integer.getInteger("litmus.rounds", 1000);
    private static final int RAM = 1 << 20;

    /** Processors that run pieces of code of their own, each a loop that meets the others at the start of every round. */
    private static final class Machine implements AutoCloseable {
        final MemorySegment ram = Arena.ofShared().allocate(RAM, 4096);
        final GuestMemory memory = GuestMemory.flat(ram).shared();
        final List<Vcpu> vcpus = new ArrayList<>();
        private final ExecutorService threads = Executors.newCachedThreadPool();

        Machine(String prelude, String... codes) {
            for (int n = 0; n < codes.length; n++) {
                byte[] image = TestKernel.assembleAt(0x1000 * (n + 1), prelude + codes[n]);
                MemorySegment.copy(image, 0, ram, ValueLayout.JAVA_BYTE, 0x1000 * (n + 1), image.length);
            }
        }

        void start(Tiers tiers, int count) {
            for (int n = 0; n < count; n++) {
                Vcpu v = new Vcpu(memory, Cpuid.baseline(), Interrupts.NEVER, Clock.INSTRUCTIONS, tiers);
                LongMode.enter(v, ram, 0x1000L * (n + 1), 0x80000);
                vcpus.add(v);
            }
        }

        /** Runs all until they halt. */
        void run() throws Exception {
            var barrier = new CyclicBarrier(vcpus.size());
            List<Future<Exit>> runs = new ArrayList<>();
            for (Vcpu v : vcpus) {
                runs.add(threads.submit(() -> {
                    barrier.await();
                    Exit exit;
                    do {
                        exit = v.run(1_000_000);
                    } while (exit instanceof Exit.Budget);
                    return exit;
                }));
            }
            for (Future<Exit> run : runs) {
                assertThat(run.get()).isEqualTo(Exit.HALT);
            }
        }

        int word(int at) {
            return ram.get(ValueLayout.JAVA_INT_UNALIGNED, at);
        }

        @Override
        public void close() {
            threads.shutdownNow();
            vcpus.forEach(Vcpu::close);
        }
    }

    /**
     * A litmus test: {@code rdi} is the round, {@code rsi} points to X and Y of this round, results go to eax and ebx.
     * Every round has words of its own, so that nothing has to be reset; every processor waits at its start until all
     * are there.
     */
    private static Set<List<Integer>> outcomes(Tiers tiers, String... bodies) throws Exception {
        String[] codes = new String[bodies.length];
        // With more processors than the host has, every round costs some of its time slices.
        int rounds = bodies.length > 2 ? ROUNDS / 10 : ROUNDS;
        for (int n = 0; n < bodies.length; n++) {
            codes[n] = """
                        xor edi, edi
                    round:
                        mov esi, edi
                        and esi, 63
                        shl esi, 8
                        add esi, %d
                        lock inc dword ptr [%d]
                        mov ecx, edi
                        inc ecx
                        imul ecx, ecx, %d
                    1:  cmp [%d], ecx
                        jl 1b
                        %s
                        mov [%d + rdi * 8], eax
                        mov [%d + 4 + rdi * 8], ebx
                        lock inc dword ptr [%d]
                    2:  cmp [%d], ecx
                        jl 2b
                        mov dword ptr [rsi], 0
                        mov dword ptr [rsi + 128], 0
                        inc edi
                        cmp edi, %d
                        jne round
                        hlt
                    """.formatted(
                            X,
                            RESULTS - 64,
                            bodies.length,
                            RESULTS - 64,
                            bodies[n],
                            RESULTS + n * 0x8000,
                            RESULTS + n * 0x8000,
                            RESULTS - 128,
                            RESULTS - 128,
                            rounds);
        }
        try (Machine m = new Machine("", codes)) {
            m.start(tiers, codes.length);
            m.run();
            Set<List<Integer>> seen = new java.util.HashSet<>();
            for (int round = 0; round < rounds; round++) {
                List<Integer> outcome = new ArrayList<>();
                for (int n = 0; n < codes.length; n++) {
                    outcome.add(m.word(RESULTS + n * 0x8000 + 8 * round));
                    outcome.add(m.word(RESULTS + n * 0x8000 + 8 * round + 4));
                }
                seen.add(outcome);
            }
            return seen;
        }
    }

    private static Tiers tiers(boolean translated) {
        return translated ? Tiers.atOnce(10) : Tiers.INTERPRETER;
    }

    private static final String NOTHING = "xor eax, eax\n xor ebx, ebx\n";

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldKeepStoresInOrderAndLoadsInOrder(boolean translated) throws Exception {
        // MP: a reader that sees the second store sees the first.
        Set<List<Integer>> seen = outcomes(
                tiers(translated),
                "mov dword ptr [rsi], 1\n mov dword ptr [rsi + 128], 1\n" + NOTHING,
                "mov eax, [rsi + 128]\n mov ebx, [rsi]\n");
        assertThat(seen).isNotEmpty().doesNotContain(List.of(0, 0, 1, 0));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldNotLetStoresPassEarlierLoads(boolean translated) throws Exception {
        // LB.
        Set<List<Integer>> seen = outcomes(
                tiers(translated),
                "xor ebx, ebx\n mov eax, [rsi]\n mov dword ptr [rsi + 128], 1\n",
                "xor ebx, ebx\n mov eax, [rsi + 128]\n mov dword ptr [rsi], 1\n");
        assertThat(seen).isNotEmpty().doesNotContain(List.of(1, 0, 1, 0));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldDrainTheStoreBufferAtFencesAndLockedInstructions(boolean translated) throws Exception {
        // SB with fences: one of the two sees the other's store.
        for (String fence :
                new String[] {"mfence", "lock or dword ptr [rsp - 8], 0", "xchg [rsp - 8], ecx\n xchg [rsp - 8], ecx"
                }) {
            Set<List<Integer>> seen = outcomes(
                    tiers(translated),
                    "xor ebx, ebx\n mov dword ptr [rsi], 1\n" + fence + "\n mov eax, [rsi + 128]\n",
                    "xor ebx, ebx\n mov dword ptr [rsi + 128], 1\n" + fence + "\n mov eax, [rsi]\n");
            assertThat(seen).as(fence).isNotEmpty().doesNotContain(List.of(0, 0, 0, 0));
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldShowStoresToAllInOneOrder(boolean translated) throws Exception {
        // IRIW: two readers never disagree about the order of two stores.
        Set<List<Integer>> seen = outcomes(
                tiers(translated),
                "mov dword ptr [rsi], 1\n" + NOTHING,
                "mov dword ptr [rsi + 128], 1\n" + NOTHING,
                "mov eax, [rsi]\n mov ebx, [rsi + 128]\n",
                "mov eax, [rsi + 128]\n mov ebx, [rsi]\n");
        assertThat(seen).isNotEmpty().doesNotContain(List.of(0, 0, 0, 0, 1, 0, 1, 0));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "lock inc dword ptr [X]",
                "lock add word ptr [X], 1",
                "lock sub byte ptr [X], -1",
                "mov eax, 1\n lock xadd [X], eax",
                "lock inc dword ptr [X + 2]",
                "lock inc dword ptr [X + 62]",
                "lock inc qword ptr [X + 4091]",
                "9: mov eax, [X]\n lea ebx, [rax + 1]\n lock cmpxchg [X], ebx\n jne 9b",
                "9: mov rax, [X]\n mov rdx, [X + 8]\n lea rbx, [rax + 1]\n lea rcx, [rdx + 1]\n lock cmpxchg16b [X]\n jne 9b",
                "9: mov eax, [X]\n mov edx, [X + 4]\n lea ebx, [rax + 1]\n mov ecx, edx\n lock cmpxchg8b [X]\n jne 9b",
                "9: mov eax, 1\n xchg [Y], eax\n test eax, eax\n jnz 9b\n inc dword ptr [X]\n mov dword ptr [Y], 0",
                "9: lock bts dword ptr [Y], 3\n jc 9b\n inc dword ptr [X]\n lock btr dword ptr [Y], 3"
            })
    void shouldMakeLockedInstructionsAtomicWhereverTheyLie(String instruction) throws Exception {
        int count = instruction.contains("byte ptr") ? 100 : 5000;
        String code = """
                    .set X, %d
                    .set Y, %d
                    mov edi, %d
                8:  %s
                    dec edi
                    jnz 8b
                    hlt
                """.formatted(X, Y + 8192, count, instruction);
        for (boolean translated : new boolean[] {false, true}) {
            try (Machine m = new Machine("", code, code)) {
                m.start(tiers(translated), 2);
                m.run();
                int at = X + (instruction.contains("+ 62") ? 62 : instruction.contains("+ 2]") ? 2 : 0);
                at = instruction.contains("4091") ? X + 4091 : at;
                int mask = instruction.contains("byte ptr") ? 0xff : instruction.contains("word ptr [X]") ? -1 : -1;
                assertThat(m.word(at) & mask).as("translated: %s", translated).isEqualTo(2 * count & mask);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldExecuteCodeThatAnotherProcessorHasWritten(boolean translated) throws Exception {
        // The first calls a function until it returns 2; the second rewrites it after a while.
        String caller = """
                1:  call 0x3000
                    cmp eax, 2
                    jne 1b
                    hlt
                """;
        String writer = """
                    mov ecx, 20000
                1:  dec ecx
                    jnz 1b
                    mov byte ptr [0x3001], 2
                    hlt
                """;
        try (Machine m = new Machine("", caller, writer)) {
            byte[] function = {(byte) 0xb8, 1, 0, 0, 0, (byte) 0xc3};
            MemorySegment.copy(function, 0, m.ram, ValueLayout.JAVA_BYTE, 0x3000, function.length);
            m.start(tiers(translated), 2);
            m.run();
            assertThat(m.vcpus.get(0).registers().general(0)).isEqualTo(2);
        }
    }

    @Test
    void shouldForgetTranslationsEverywhereOnAShootdown() throws Exception {
        // The host swaps the page behind a linear address while a processor reads it for ever.
        String reader = """
                1:  mov eax, [%d]
                    cmp eax, 2
                    jne 1b
                    hlt
                """.formatted(X);
        var ram = Arena.ofShared().allocate(RAM, 4096);
        var swapped = new java.util.concurrent.atomic.AtomicBoolean();
        GuestMemory flat = GuestMemory.flat(ram);
        GuestMemory memory = new GuestMemory() {
            @Override
            public MemorySegment ram() {
                return ram;
            }

            @Override
            public long page(long gfn) {
                return gfn == X >> 12 && swapped.get() ? 0x30000 : flat.page(gfn);
            }
        }.shared();
        byte[] image = TestKernel.assembleAt(0x1000, reader);
        MemorySegment.copy(image, 0, ram, ValueLayout.JAVA_BYTE, 0x1000, image.length);
        ram.set(ValueLayout.JAVA_INT, 0x30000, 2);
        Vcpu v = new Vcpu(memory, Cpuid.baseline(), Interrupts.NEVER, Clock.INSTRUCTIONS, Tiers.INTERPRETER);
        LongMode.enter(v, ram, 0x1000, 0x80000);
        assertThat(v.run(100_000)).isEqualTo(Exit.BUDGET);
        Thread host = Thread.ofPlatform().start(() -> {
            swapped.set(true);
            memory.processors().shootDown();
        });
        Exit exit;
        do {
            exit = v.run(100_000);
        } while (exit instanceof Exit.Budget);
        host.join();
        assertThat(exit).isEqualTo(Exit.HALT);
    }
}
