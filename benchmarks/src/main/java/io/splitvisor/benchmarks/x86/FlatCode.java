// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.benchmarks.x86;

import java.util.SplittableRandom;

/**
 * Code that does not repeat much: many different blocks, one after the other. They are made of {@link Idioms} and end with a branch that mostly goes the same way, as branches do.
 */
final class FlatCode {
    private static final int DATA_MASK = 0x7ff8;

    private final SplittableRandom random;
    private final Idioms idioms;
    private final StringBuilder text = new StringBuilder();
    private int blocks;

    FlatCode(long seed) {
        this.random = new SplittableRandom(seed);
        this.idioms = new Idioms(random, DATA_MASK);
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
            text.append(idioms.next());
        }
        text.append("cmp eax, ").append(random.nextInt(100)).append('\n');
        text.append(random.nextInt(3) == 0 ? "jbe " : "ja ").append(name).append('\n');
        text.append("inc rbx\n").append(name).append(":\n");
    }
}
