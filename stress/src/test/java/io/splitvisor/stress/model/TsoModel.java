// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.stress.model;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.IntBinaryOperator;
import java.util.function.Predicate;

/**
 * An explicit-state model checker for small programs on processors that order memory as x86 does (TSO): a store waits in its
 * processor's buffer, invisible to the others, while later loads go ahead; a fence or an atomic exchange waits until the
 * buffer is empty. All interleavings, and all moments at which a buffered store may reach memory, are visited.
 */
final class TsoModel {
    private static final int REGISTERS = 3;
    private static final int BUFFER = 3;

    /** One step of a program. */
    private record Instruction(
            Kind kind, int variable, int register, int value, IntBinaryOperator choice, String label) {}

    private enum Kind {
        STORE,
        LOAD,
        FENCE,
        EXCHANGE,
        SET,
        BRANCH,
        SIGNAL,
        WAIT
    }

    private final List<Program> programs = new ArrayList<>();
    private final int[] initial;
    private int visited;

    TsoModel(int... variables) {
        initial = variables;
    }

    /** A program under construction: each method adds an instruction. Registers are 0 to 2, and 0 at first. */
    final class Program {
        private final List<Instruction> code = new ArrayList<>();
        private final Map<String, Integer> labels = new HashMap<>();

        Program label(String name) {
            labels.put(name, code.size());
            return this;
        }

        private Program add(Kind kind, int variable, int register, int value, IntBinaryOperator choice, String label) {
            code.add(new Instruction(kind, variable, register, value, choice, label));
            return this;
        }

        /** memory[variable] = registers[register] + value. */
        Program store(int variable, int register, int value) {
            return add(Kind.STORE, variable, register, value, null, null);
        }

        Program load(int register, int variable) {
            return add(Kind.LOAD, variable, register, 0, null, null);
        }

        Program fence() {
            return add(Kind.FENCE, 0, 0, 0, null, null);
        }

        /** registers[register] = memory[variable]; memory[variable] = value; at once. */
        Program exchange(int register, int variable, int value) {
            return add(Kind.EXCHANGE, variable, register, value, null, null);
        }

        /** registers[register] = registers[other] + value, the other being {@code variable}. */
        Program set(int register, int other, int value) {
            return add(Kind.SET, other, register, value, null, null);
        }

        /** Goes on at the label if the choice on two registers, the first and the {@code value}th, is not 0. */
        Program branch(int first, int second, IntBinaryOperator choice, String label) {
            return add(Kind.BRANCH, 0, first, second, choice, label);
        }

        Program jump(String label) {
            return branch(0, 0, (_, _) -> 1, label);
        }

        /** An eventfd is written: a system call, which orders memory, and is seen at once. */
        Program signal(int variable) {
            return add(Kind.SIGNAL, variable, 0, 0, null, null);
        }

        /** Waits until the eventfd is readable, and reads it. */
        Program await(int variable) {
            return add(Kind.WAIT, variable, 0, 0, null, null);
        }
    }

    Program program() {
        Program program = new Program();
        programs.add(program);
        return program;
    }

    /** States seen by the last {@link #stuck}. */
    int visited() {
        return visited;
    }

    // A state: memory, then for each program its counter, registers, buffer length, and buffer of (variable, value).

    private int base(int program) {
        return initial.length + program * (2 + REGISTERS + 2 * BUFFER);
    }

    /**
     * Looks for a state in which nobody can go on, and that is wrong.
     *
     * @param wrong gets memory
     * @return the memory of such a state; null if there is none
     */
    int[] stuck(Predicate<int[]> wrong) {
        int[] start = Arrays.copyOf(initial, base(programs.size()));
        Deque<int[]> open = new ArrayDeque<>();
        Set<List<Integer>> seen = new HashSet<>();
        open.push(start);
        visited = 0;
        while (!open.isEmpty()) {
            int[] state = open.pop();
            if (!seen.add(Arrays.stream(state).boxed().toList())) {
                continue;
            }
            visited++;
            boolean moved = false;
            for (int p = 0; p < programs.size(); p++) {
                moved |= flush(state, p, open) | step(state, p, open);
            }
            if (!moved) {
                int[] memory = Arrays.copyOf(state, initial.length);
                if (wrong.test(memory)) {
                    return memory;
                }
            }
        }
        return null;
    }

    private boolean flush(int[] state, int p, Deque<int[]> open) {
        int base = base(p);
        int length = state[base + 1 + REGISTERS];
        if (length == 0) {
            return false;
        }
        int[] next = state.clone();
        int buffer = base + 2 + REGISTERS;
        next[next[buffer]] = next[buffer + 1];
        System.arraycopy(state, buffer + 2, next, buffer, 2 * (BUFFER - 1));
        next[buffer + 2 * (BUFFER - 1)] = 0;
        next[buffer + 2 * (BUFFER - 1) + 1] = 0;
        next[base + 1 + REGISTERS] = length - 1;
        open.push(next);
        return true;
    }

    private boolean step(int[] state, int p, Deque<int[]> open) {
        Program program = programs.get(p);
        int base = base(p);
        int counter = state[base];
        if (counter == program.code.size()) {
            return false;
        }
        Instruction now = program.code.get(counter);
        int length = state[base + 1 + REGISTERS];
        boolean ordered =
                now.kind == Kind.FENCE || now.kind == Kind.EXCHANGE || now.kind == Kind.SIGNAL || now.kind == Kind.WAIT;
        if ((ordered && length > 0)
                || (now.kind == Kind.STORE && length == BUFFER)
                || (now.kind == Kind.WAIT && state[now.variable] == 0)) {
            return false;
        }
        int[] next = state.clone();
        next[base] = counter + 1;
        int register = base + 1 + now.register;
        switch (now.kind) {
            case STORE -> {
                int at = base + 2 + REGISTERS + 2 * length;
                next[at] = now.variable;
                next[at + 1] = state[register] + now.value;
                next[base + 1 + REGISTERS] = length + 1;
            }
            case LOAD -> next[register] = read(state, base, now.variable);
            case EXCHANGE -> {
                next[register] = state[now.variable];
                next[now.variable] = now.value;
            }
            case SET -> next[register] = state[base + 1 + now.variable] + now.value;
            case BRANCH -> {
                if (now.choice.applyAsInt(state[register], state[base + 1 + now.value]) != 0) {
                    next[base] = program.labels.get(now.label);
                }
            }
            case SIGNAL -> next[now.variable] = 1;
            case WAIT -> next[now.variable] = 0;
            case FENCE -> {}
        }
        open.push(next);
        return true;
    }

    /** A processor sees its own stores before the others do. */
    private static int read(int[] state, int base, int variable) {
        int length = state[base + 1 + REGISTERS];
        for (int i = length - 1; i >= 0; i--) {
            int at = base + 2 + REGISTERS + 2 * i;
            if (state[at] == variable) {
                return state[at + 1];
            }
        }
        return state[variable];
    }
}
