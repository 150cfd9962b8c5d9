// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.benchmarks.x86;

import java.util.List;
import java.util.SplittableRandom;

/**
 * Code that does not repeat much: many different blocks, one after the other. They are made of {@link Idioms} and end with a branch that mostly goes the same way, as branches do.
 */
final class FlatCode {
    private static final int DATA_MASK = 0x7ff8;
    /** Small functions, where there are calls. */
    private static final int FUNCTIONS = 500;

    private final SplittableRandom random;
    private final Idioms idioms;
    private final int fewest;
    private final int most;
    private final boolean calls;
    private final StringBuilder text = new StringBuilder();
    private int blocks;

    /** Made of what compilers emit most. */
    FlatCode(long seed) {
        this(seed, Idioms.COMPILED, 2, 4, false);
    }

    private FlatCode(long seed, List<String> texts, int fewest, int most, boolean calls) {
        this.random = new SplittableRandom(seed);
        this.idioms = new Idioms(random, DATA_MASK, texts);
        this.fewest = fewest;
        this.most = most;
        this.calls = calls;
    }

    /** Made of what a kernel consists of, calls included. */
    static FlatCode kernel(long seed) {
        return new FlatCode(seed, Idioms.KERNEL, 2, 7, true);
    }

    /** A function {@code work} of so many blocks, nine instructions each on average. */
    String work(int count) {
        text.append("work:\nmov rdi, 0x400000\nxor eax, eax\n");
        for (int n = 0; n < count; n++) {
            block();
        }
        text.append("mov rax, rdx\nret\n");
        for (int n = 0; calls && n < FUNCTIONS; n++) {
            text.append("f")
                    .append(n)
                    .append(":\n")
                    .append(idioms.next())
                    .append(idioms.next())
                    .append("ret\n");
        }
        return text.toString();
    }

    private void block() {
        String name = "b" + blocks++;
        for (int n = random.nextInt(fewest, most + 1); n > 0; n--) {
            text.append(idioms.next());
        }
        if (calls && random.nextInt(3) == 0) {
            text.append("call f").append(random.nextInt(FUNCTIONS)).append('\n');
        }
        text.append("cmp eax, ").append(random.nextInt(100)).append('\n');
        text.append(random.nextInt(3) == 0 ? "jbe " : "ja ").append(name).append('\n');
        text.append("inc rbx\n").append(name).append(":\n");
    }
}
