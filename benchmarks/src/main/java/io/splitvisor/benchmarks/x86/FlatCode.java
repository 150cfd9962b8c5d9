// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.benchmarks.x86;

import java.util.SplittableRandom;

/** Code that does not repeat much: many different blocks of about eight instructions, one after the other. */
final class FlatCode {
    private static final String[] REGISTERS = {"rax", "rcx", "rdx", "rbp", "rsi", "r8", "r9", "r10"};
    private static final String[] OPERATIONS = {"add", "sub", "xor", "and", "or", "cmp"};
    private static final int DATA_MASK = 0x3fff8;

    private final SplittableRandom random;
    private final StringBuilder text = new StringBuilder();

    FlatCode(long seed) {
        this.random = new SplittableRandom(seed);
    }

    /** A function {@code work} of so many blocks. */
    String work(int blocks) {
        text.append("work:\nmov rdi, 0x400000\n");
        for (int n = 0; n < blocks; n++) {
            block("b" + n);
        }
        text.append("mov rax, rdx\nret\n");
        return text.toString();
    }

    /** Appends a block that ends with a jump, taken or not, to what follows it. */
    void block(String name) {
        int length = 5 + random.nextInt(5);
        for (int n = 0; n < length; n++) {
            instruction();
        }
        text.append("cmp ")
                .append(register())
                .append(", ")
                .append(random.nextInt(1000))
                .append('\n');
        text.append(random.nextBoolean() ? "jae " : "js ")
                .append(name)
                .append('\n')
                .append("inc rbx\n")
                .append(name)
                .append(":\n");
    }

    String text() {
        return text.toString();
    }

    private void instruction() {
        String a = register();
        switch (random.nextInt(8)) {
            case 0, 1 ->
                text.append("mov ").append(a).append(", [rdi+").append(place()).append("]\n");
            case 2 ->
                text.append("mov [rdi+").append(place()).append("], ").append(a).append('\n');
            case 3 ->
                text.append("lea ")
                        .append(a)
                        .append(", [")
                        .append(register())
                        .append('+')
                        .append(register())
                        .append("*2+")
                        .append(random.nextInt(100))
                        .append("]\n");
            case 4 ->
                text.append("mov ").append(a).append(", ").append(register()).append('\n');
            case 5 ->
                text.append("shr ")
                        .append(a)
                        .append(", ")
                        .append(1 + random.nextInt(20))
                        .append('\n');
            default ->
                text.append(OPERATIONS[random.nextInt(OPERATIONS.length)])
                        .append(' ')
                        .append(a)
                        .append(", ")
                        .append(random.nextBoolean() ? register() : Integer.toString(random.nextInt(100_000)))
                        .append('\n');
        }
    }

    private int place() {
        return random.nextInt() & DATA_MASK;
    }

    private String register() {
        return REGISTERS[random.nextInt(REGISTERS.length)];
    }
}
