// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.benchmarks.x86;

import java.util.SplittableRandom;

/**
 * Code that does not repeat much: many different blocks, one after the other. They are made of what compilers emit most, in random order
 * and with random registers, and end with a branch that mostly goes the same way, as branches do.
 */
final class FlatCode {
    private static final String[] REGISTERS = {"rcx", "rdx", "rbp", "rsi", "r8", "r9", "r10", "r12"};
    /** {@code A}, {@code B} are registers, {@code N} is a number, {@code M} a place in memory. */
    private static final String[] IDIOMS = {
        "mov A, [rdi+M]\nadd A, N\nmov [rdi+M], A\n",
        "mov A, [rdi+M]\nmov B, [rdi+M]\ncmp A, B\n",
        "lea A, [B+B*2+N]\nmov [rdi+M], A\n",
        "mov A, B\nshr A, 7\nxor A, B\n",
        "push A\nmov A, [rdi+M]\nadd A, B\npop B\n",
        "xor A, B\nand A, N\nmov B, A\n",
        "mov A, N\nmov [rdi+M], A\nmov B, [rdi+M]\n",
        "sub A, B\nlea B, [rdi+A]\n",
    };

    private static final int DATA_MASK = 0x7ff8;

    private final SplittableRandom random;
    private final StringBuilder text = new StringBuilder();
    private int blocks;

    FlatCode(long seed) {
        this.random = new SplittableRandom(seed);
    }

    /** A function {@code work} of so many blocks, nine instructions each on average. */
    String work(int count) {
        text.append("work:\nmov rdi, 0x400000\nxor eax, eax\n");
        for (int n = 0; n < count; n++) {
            block();
        }
        return text.append("mov rax, rdx\nret\n").toString();
    }

    private void block() {
        String name = "b" + blocks++;
        for (int n = random.nextInt(1, 4); n >= 0; n--) {
            idiom();
        }
        text.append("cmp eax, ").append(random.nextInt(100)).append('\n');
        text.append(random.nextInt(3) == 0 ? "jbe " : "ja ").append(name).append('\n');
        text.append("inc rbx\n").append(name).append(":\n");
    }

    private void idiom() {
        String a = register();
        String b = register();
        String idiom = IDIOMS[random.nextInt(IDIOMS.length)];
        text.append(idiom.replace("A", a)
                .replace("B", b)
                .replace("N", Integer.toString(random.nextInt(100_000)))
                .replace("M", Integer.toString(random.nextInt() & DATA_MASK)));
    }

    private String register() {
        return REGISTERS[random.nextInt(REGISTERS.length)];
    }
}
