// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.benchmarks.x86;

import java.util.SplittableRandom;

/** A few instructions at a time, as compilers emit them most, with random registers, numbers and places in memory from RDI on. */
final class Idioms {
    private static final String[] REGISTERS = {"rcx", "rdx", "rbp", "rsi", "r8", "r9", "r10", "r12"};
    /** {@code A}, {@code B} are registers, {@code N} is a number, {@code M} a place in memory. */
    private static final String[] TEXTS = {
        "mov A, [rdi+M]\nadd A, N\nmov [rdi+M], A\n",
        "mov A, [rdi+M]\nmov B, [rdi+M]\ncmp A, B\n",
        "lea A, [B+B*2+N]\nmov [rdi+M], A\n",
        "mov A, B\nshr A, 7\nxor A, B\n",
        "push A\nmov A, [rdi+M]\nadd A, B\npop B\n",
        "xor A, B\nand A, N\nmov B, A\n",
        "mov A, N\nmov [rdi+M], A\nmov B, [rdi+M]\n",
        "sub A, B\nlea B, [rdi+A]\n",
    };

    private final SplittableRandom random;
    private final int dataMask;

    /** @param dataMask ands places in memory */
    Idioms(SplittableRandom random, int dataMask) {
        this.random = random;
        this.dataMask = dataMask;
    }

    /** The next one. */
    String next() {
        String a = register();
        String b = register();
        return TEXTS[random.nextInt(TEXTS.length)]
                .replace("A", a)
                .replace("B", b)
                .replace("N", Integer.toString(random.nextInt(100_000)))
                .replace("M", Integer.toString(random.nextInt() & dataMask));
    }

    private String register() {
        return REGISTERS[random.nextInt(REGISTERS.length)];
    }
}
