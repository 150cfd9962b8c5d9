// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.benchmarks.x86;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;

/** A few instructions at a time, with random registers, numbers and places in memory from RDI on. */
final class Idioms {
    private static final String[] REGISTERS = {"rcx", "rdx", "rbp", "rsi", "r8", "r9", "r10", "r12"};
    private static final String[] LOW = {"ecx", "edx", "ebp", "esi", "r8d", "r9d", "r10d", "r12d"};
    private static final String[] BYTES = {"cl", "dl", "bpl", "sil", "r8b", "r9b", "r10b", "r12b"};

    /**
     * What compilers emit most. {@code A}, {@code B} are registers, {@code N} is a number, {@code M} a place in memory; {@code C},
     * {@code D} are the low halves of {@code A} and {@code B}, and {@code E} is the low byte of {@code A}.
     */
    static final List<String> COMPILED = List.of(
            "mov A, [rdi+M]\nadd A, N\nmov [rdi+M], A\n",
            "mov A, [rdi+M]\nmov B, [rdi+M]\ncmp A, B\n",
            "lea A, [B+B*2+N]\nmov [rdi+M], A\n",
            "mov A, B\nshr A, 7\nxor A, B\n",
            "push A\nmov A, [rdi+M]\nadd A, B\npop B\n",
            "xor A, B\nand A, N\nmov B, A\n",
            "mov A, N\nmov [rdi+M], A\nmov B, [rdi+M]\n",
            "sub A, B\nlea B, [rdi+A]\n");

    /**
     * What a Debian kernel consists of up to init, one at a time, each as often as it stands in the code that is executed
     * (functions besides, which {@link FlatCode} calls).
     */
    static final List<String> KERNEL = weighted("""
            56 mov A, [rdi+M]
            34 mov C, dword [rdi+M]
            60 mov A, B
            26 mov C, D
            34 mov [rdi+M], A
            18 mov dword [rdi+M], C
            8 mov dword [rdi+M], N
            24 mov C, N
            20 test A, A
            12 test C, D
            16 push A; push B; mov A, B; pop B; pop A
            18 cmp A, B
            10 cmp dword [rdi+M], N
            6 cmp byte [rdi+M], 3
            16 xor C, C
            6 xor A, B
            20 add A, N
            5 add [rdi+M], A
            18 lea A, [B+N]
            5 lea A, [A+B*8+N]
            12 sub A, B
            9 and C, N
            5 movzx C, byte [rdi+M]
            3 movzx C, word [rdi+M]
            5 shr A, 12
            4 shl A, 3
            4 or A, B
            2 setne E
            3 cmove A, B
            2 imul A, B
            2 inc C
            2 not A
            """);

    private final SplittableRandom random;
    private final int dataMask;
    private final List<String> texts;

    /** @param dataMask ands places in memory */
    Idioms(SplittableRandom random, int dataMask, List<String> texts) {
        this.random = random;
        this.dataMask = dataMask;
        this.texts = texts;
    }

    /** Lines of a weight and instructions. */
    private static List<String> weighted(String lines) {
        List<String> all = new ArrayList<>();
        for (String line : lines.lines().toList()) {
            String[] words = line.split(" ", 2);
            all.addAll(Collections.nCopies(Integer.parseInt(words[0]), words[1].replace("; ", "\n") + '\n'));
        }
        return all;
    }

    /** The next one. */
    String next() {
        int a = random.nextInt(REGISTERS.length);
        int b = random.nextInt(REGISTERS.length);
        return texts.get(random.nextInt(texts.size()))
                .replace("A", REGISTERS[a])
                .replace("B", REGISTERS[b])
                .replace("C", LOW[a])
                .replace("D", LOW[b])
                .replace("E", BYTES[a])
                .replace("N", Integer.toString(random.nextInt(100_000)))
                .replace("M", Integer.toString(random.nextInt() & dataMask));
    }
}
