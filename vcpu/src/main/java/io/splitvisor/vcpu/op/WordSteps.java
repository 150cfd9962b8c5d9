// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.op;

import static io.splitvisor.vcpu.op.WordArithmetic.add;
import static io.splitvisor.vcpu.op.WordArithmetic.logic;
import static io.splitvisor.vcpu.op.WordMoves.load64;
import static io.splitvisor.vcpu.op.WordMoves.move;
import static io.splitvisor.vcpu.op.WordMoves.store64;

import io.splitvisor.vcpu.cpu.Cpu;

/**
 * Executes the words of a block but the last. A method of its own with few variables, because the JVM's compiler keeps what it can in
 * registers, and everything else is moved about between any two words. Each kind gets its words without the kind, which takes no time
 * and keeps the compiler from seeing that all kinds take the same fields apart: it would do so for all of them before the jump. The first of a
 * pair is executed before the index moves on, so that its faults are its own.
 */
final class WordSteps {
    private WordSteps() {}

    /** Executes words from an index on, up to one that ends a block. Says {@linkplain WordCode#stopped where} it is or has faulted. */
    static void run(Cpu c, long[] r, WordCode code, long[] words, int from) {
        int i = from;
        try {
            while (true) {
                long w = words[i];
                switch (Word.kind(w)) {
                    case Word.MOVE -> WordMoves.move(c, r, w - Word.MOVE);
                    case Word.CONSTANT -> WordMoves.constant(c, r, w - Word.CONSTANT, words[++i]);
                    case Word.MOVE_SIGNED -> WordMoves.moveSigned(c, r, w - Word.MOVE_SIGNED);
                    case Word.LOAD8 -> WordMoves.load8(c, r, w - Word.LOAD8);
                    case Word.LOAD16 -> WordMoves.load16(c, r, w - Word.LOAD16);
                    case Word.LOAD32 -> WordMoves.load32(c, r, w - Word.LOAD32);
                    case Word.LOAD64 -> WordMoves.load64(c, r, w - Word.LOAD64);
                    case Word.LOAD_SIGNED -> WordMoves.loadSigned(c, r, w - Word.LOAD_SIGNED);
                    case Word.STORE8 -> WordMoves.store8(c, r, w - Word.STORE8);
                    case Word.STORE16 -> WordMoves.store16(c, r, w - Word.STORE16);
                    case Word.STORE32 -> WordMoves.store32(c, r, w - Word.STORE32);
                    case Word.STORE64 -> WordMoves.store64(c, r, w - Word.STORE64);
                    case Word.STORE_CONSTANT -> WordMoves.storeConstant(c, r, w - Word.STORE_CONSTANT, words[++i]);
                    case Word.PUSH -> WordMoves.push(c, r, w - Word.PUSH);
                    case Word.POP -> WordMoves.pop(c, r, w - Word.POP);
                    case Word.ADD -> WordArithmetic.add(c, r, w - Word.ADD);
                    case Word.ADD_LOAD -> WordArithmetic.addLoad(c, r, w - Word.ADD_LOAD);
                    case Word.ADD_CARRY -> WordArithmetic.addCarry(c, r, w - Word.ADD_CARRY);
                    case Word.ADD_CARRY_LOAD -> WordArithmetic.addCarryLoad(c, r, w - Word.ADD_CARRY_LOAD);
                    case Word.COMPARE_MEMORY -> WordArithmetic.compareMemory(c, r, w - Word.COMPARE_MEMORY);
                    case Word.COMPARE_MEMORY_CONSTANT ->
                        WordArithmetic.compareMemory(c, r, w - Word.COMPARE_MEMORY_CONSTANT, words[++i]);
                    case Word.LOGIC -> WordArithmetic.logic(c, r, w - Word.LOGIC);
                    case Word.LOGIC_LOAD -> WordArithmetic.logicLoad(c, r, w - Word.LOGIC_LOAD);
                    case Word.TEST_MEMORY -> WordArithmetic.testMemory(c, r, w - Word.TEST_MEMORY);
                    case Word.TEST_MEMORY_CONSTANT ->
                        WordArithmetic.testMemory(c, r, w - Word.TEST_MEMORY_CONSTANT, words[++i]);
                    case Word.STEP -> WordArithmetic.step(c, r, w - Word.STEP);
                    case Word.NEGATE -> WordArithmetic.negate(c, r, w - Word.NEGATE);
                    case Word.NOT -> WordArithmetic.not(c, r, w - Word.NOT);
                    case Word.SHIFT_LEFT -> WordArithmetic.shiftLeft(c, r, w - Word.SHIFT_LEFT);
                    case Word.SHIFT_RIGHT -> WordArithmetic.shiftRight(c, r, w - Word.SHIFT_RIGHT);
                    case Word.SHIFT_SIGNED -> WordArithmetic.shiftSigned(c, r, w - Word.SHIFT_SIGNED);
                    case Word.MULTIPLY -> WordArithmetic.multiply(c, r, w - Word.MULTIPLY);
                    case Word.MULTIPLY_CONSTANT -> WordArithmetic.multiplyConstant(c, r, w - Word.MULTIPLY_CONSTANT);
                    case Word.MULTIPLY_LOAD -> WordArithmetic.multiplyLoad(c, r, w - Word.MULTIPLY_LOAD);
                    case Word.SET -> WordMoves.set(c, r, w - Word.SET);
                    case Word.MOVE_IF -> WordMoves.moveIf(c, r, w - Word.MOVE_IF);
                    case Word.PAIR + 0 -> move(c, move(c, r, w - Word.PAIR - 0), words[++i]);
                    case Word.PAIR + 1 -> add(c, move(c, r, w - Word.PAIR - 1), words[++i]);
                    case Word.PAIR + 2 -> logic(c, move(c, r, w - Word.PAIR - 2), words[++i]);
                    case Word.PAIR + 3 -> load64(c, move(c, r, w - Word.PAIR - 3), words[++i]);
                    case Word.PAIR + 4 -> store64(c, move(c, r, w - Word.PAIR - 4), words[++i]);
                    case Word.PAIR + 5 -> move(c, add(c, r, w - Word.PAIR - 5), words[++i]);
                    case Word.PAIR + 6 -> add(c, add(c, r, w - Word.PAIR - 6), words[++i]);
                    case Word.PAIR + 7 -> logic(c, add(c, r, w - Word.PAIR - 7), words[++i]);
                    case Word.PAIR + 8 -> load64(c, add(c, r, w - Word.PAIR - 8), words[++i]);
                    case Word.PAIR + 9 -> store64(c, add(c, r, w - Word.PAIR - 9), words[++i]);
                    case Word.PAIR + 10 -> move(c, load64(c, r, w - Word.PAIR - 10), words[++i]);
                    case Word.PAIR + 11 -> add(c, load64(c, r, w - Word.PAIR - 11), words[++i]);
                    case Word.PAIR + 12 -> logic(c, load64(c, r, w - Word.PAIR - 12), words[++i]);
                    case Word.PAIR + 13 -> load64(c, load64(c, r, w - Word.PAIR - 13), words[++i]);
                    case Word.PAIR + 14 -> store64(c, load64(c, r, w - Word.PAIR - 14), words[++i]);
                    case Word.OP -> code.op(w).exec(c);
                    default -> {
                        code.stopped(i);
                        return;
                    }
                }
                i++;
            }
        } catch (RuntimeException | Error f) {
            code.stopped(i);
            throw f;
        }
    }
}
