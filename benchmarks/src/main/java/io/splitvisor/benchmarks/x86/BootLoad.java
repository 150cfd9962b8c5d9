// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.benchmarks.x86;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * A load of the shape of a kernel's start: 1.4 G instructions in 70 thousand blocks, 1 % of which do 92 % of the work, half of that in one
 * loop of multiplications (the self-tests of cryptography). It goes through its initialization functions one after the other; each calls
 * functions that are shared with its neighbours, those call warmer ones, and so on. In between translations are dropped, as when a
 * kernel patches itself, and pages are cleared.
 */
final class BootLoad {
    /** Initialization functions, each called from one place. */
    private static final int STEPS = 2900;

    /** Functions by how often they are called: of a subsystem, of the kernel, of everything. */
    private static final int[] SHARED = {400, 79, 8};

    private static final int INIT_BLOCKS = 6;
    private static final int SHARED_BLOCKS = 7;
    /** How often a step calls its initialization function. */
    private static final int REPEATED = 48;
    /** Calls of a function of the next kind by one of this kind, in 16 parts. */
    private static final int[] CALLS = {220, 38, 20};
    /** Steps between two turns of multiplications, and multiplications of 32 words a turn. */
    private static final int STEPS_BETWEEN = 145;

    private static final int MULTIPLICATIONS = 130_000;
    /** Every so many steps clear a page, or load CR3. */
    private static final int CLEARED = 3;

    private static final int DATA = 0xc00000;
    private static final int DATA_PAGES = 0x380;
    private static final int OFFSETS = 0xff8;

    private final SplittableRandom random;
    private final Idioms idioms;
    private final StringBuilder text = new StringBuilder();
    private int labels;

    BootLoad(long seed) {
        this.random = new SplittableRandom(seed);
        this.idioms = new Idioms(random, OFFSETS, Idioms.COMPILED);
    }

    /** The function {@code work}, and what it calls. */
    String work() {
        text.append("work:\n    mov eax, 12345\n");
        for (int step = 0; step < STEPS; step++) {
            step(step);
        }
        text.append("    ret\n");
        for (int step = 0; step < STEPS; step++) {
            function("init" + step, INIT_BLOCKS, callees(0, (double) step / STEPS), CALLS[0]);
        }
        for (int kind = 0; kind < SHARED.length; kind++) {
            for (int n = 0; n < SHARED[kind]; n++) {
                boolean leaf = kind == SHARED.length - 1;
                List<String> callees = leaf ? List.of() : callees(kind + 1, (double) n / SHARED[kind]);
                function(name(kind, n), SHARED_BLOCKS, callees, leaf ? 0 : CALLS[kind + 1]);
            }
        }
        return text.append(MULTIPLICATION).toString();
    }

    private void step(int step) {
        String again = label();
        text.append("    mov r13d, ").append(random.nextInt(1, 2 * REPEATED)).append('\n');
        text.append(again).append(":\n    call init").append(step).append('\n');
        text.append("    dec r13\n    jne ").append(again).append('\n');
        if (step % CLEARED == 0) {
            text.append("    mov rdi, ").append(page()).append("\n    mov ecx, 512\n    rep_stosq\n");
        } else {
            text.append("    reload_cr3\n");
        }
        if (step % STEPS_BETWEEN == STEPS_BETWEEN - 1) {
            text.append("    mov r13d, ").append(MULTIPLICATIONS).append("\n    call multiply\n");
        }
    }

    /** Four functions of a kind from the neighbourhood of a place between 0 and 1. */
    private List<String> callees(int kind, double place) {
        List<String> all = new ArrayList<>();
        int width = Math.max(4, SHARED[kind] / 40);
        int first = (int) (place * (SHARED[kind] - width));
        for (int n = 0; n < 4; n++) {
            all.add(name(kind, first + random.nextInt(width)));
        }
        return all;
    }

    /** A function whose blocks mostly go one way; a block in its middle calls others, {@code sixteenths} of a call each time. */
    private void function(String name, int blocks, List<String> callees, int sixteenths) {
        text.append(name).append(":\n    mov rdi, ").append(page()).append('\n');
        for (int n = 0; n < blocks; n++) {
            block();
            if (n == blocks / 2 && !callees.isEmpty()) {
                calls(callees, sixteenths);
            }
        }
        text.append("    ret\n");
    }

    private void calls(List<String> callees, int sixteenths) {
        int always = sixteenths / 16;
        int loops = always / callees.size();
        if (loops > 1) {
            String again = label();
            text.append("    push r14\n    mov r14d, ")
                    .append(loops)
                    .append('\n')
                    .append(again)
                    .append(":\n");
            callees.forEach(this::call);
            text.append("    dec r14\n    jne ").append(again).append("\n    pop r14\n");
            return;
        }
        for (int n = 0; n < always; n++) {
            call(callees.get(n));
        }
        String past = label();
        text.append("    cmp eax, ")
                .append((int) (0x1_0000_0000L * (sixteenths % 16) / 16))
                .append('\n');
        text.append("    jae ").append(past).append('\n');
        call(callees.getLast());
        text.append(past).append(":\n");
    }

    private void call(String name) {
        text.append("    call ").append(name).append('\n');
    }

    private void block() {
        String past = label();
        for (int n = random.nextInt(1, 3); n > 0; n--) {
            text.append(idioms.next());
        }
        text.append("    add rax, r11\n    rol rax, 7\n");
        // One branch of eight is anybody's guess; the others go one way 15 times of 16.
        int usual = random.nextInt(8) == 0 ? 0x7fff_ffff : 0x0fff_ffff;
        text.append("    cmp eax, ")
                .append(usual)
                .append("\n    ja ")
                .append(past)
                .append('\n');
        text.append("    xor rbx, rdx\n").append(past).append(":\n");
    }

    private int page() {
        return DATA + (random.nextInt(DATA_PAGES) << 12);
    }

    private String label() {
        return "l" + labels++;
    }

    private static String name(int kind, int n) {
        return "f" + kind + "_" + n;
    }

    /** The inner loop of RSA, 32 words by one. */
    private static final String MULTIPLICATION = """
            multiply:
                mov rsi, %d
                mov rdi, %d
            round:
                mov rbp, -32
                xor r8d, r8d
                lea rbx, [r13+r13*4+17]
            again:
                mov rax, [rsi+rbp*8+256]
                mul rbx
                add rax, r8
                adc rdx, 0
                add [rdi+rbp*8+256], rax
                adc rdx, 0
                mov r8, rdx
                inc rbp
                jne again
                dec r13
                jne round
                ret
            """.formatted(DATA, DATA + 0x1000);
}
