// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.op;

import io.splitvisor.vcpu.cpu.Cpu;

/** Executes blocks of words. */
public final class WordLoop {
    private WordLoop() {}

    /**
     * Executes a block at the instruction pointer. If it faults, the processor is as it was before the instruction that did.
     *
     * @param ipMask the bits that an instruction pointer has
     */
    public static void run(Cpu c, WordCode code, int block, long ipMask) {
        code.running(block);
        long[] words = code.words();
        long shape = words[block + WordCode.SHAPE];
        long rip = c.rip;
        c.r[Cpu.BLOCK] = rip;
        c.rip = rip + WordCode.bytes(shape) & ipMask;
        c.retired += (int) shape & 0xff;
        execute(c, code, words, block, ipMask);
    }

    /**
     * Executes a block of 64-bit code, and those that follow it as they did before, until something else is to be looked at.
     *
     * @param limit instructions that may have retired
     * @param threshold a block that was executed more often is not gone on with
     */
    public static void runOn(Cpu c, WordCode code, int block, long limit, int threshold) {
        long[] words = code.words();
        int next = block;
        while (true) {
            run(c, code, next, -1);
            if (c.attention || c.retired - limit >= 0 || c.mode != Cpu.CODE64) {
                return;
            }
            next = code.follower(c, next);
            if (next == WordCode.NONE) {
                return;
            }
            long shape = words[next + WordCode.SHAPE] + WordCode.ONCE;
            if ((int) shape < 0 || (int) (shape >>> 32) >= threshold) {
                return;
            }
            words[next + WordCode.SHAPE] = shape;
        }
    }

    private static void execute(Cpu c, WordCode code, long[] words, int block, long ipMask) {
        int i = WordCode.body(block);
        try {
            while (true) {
                long w = words[i];
                switch (Word.kind(w)) {
                    case Word.MOVE -> WordMoves.move(c, w);
                    case Word.CONSTANT -> WordMoves.constant(c, w, words[++i]);
                    case Word.MOVE_SIGNED -> WordMoves.moveSigned(c, w);
                    case Word.LOAD8 -> WordMoves.load8(c, w);
                    case Word.LOAD16 -> WordMoves.load16(c, w);
                    case Word.LOAD32 -> WordMoves.load32(c, w);
                    case Word.LOAD64 -> WordMoves.load64(c, w);
                    case Word.LOAD_SIGNED -> WordMoves.loadSigned(c, w);
                    case Word.STORE8 -> WordMoves.store8(c, w);
                    case Word.STORE16 -> WordMoves.store16(c, w);
                    case Word.STORE32 -> WordMoves.store32(c, w);
                    case Word.STORE64 -> WordMoves.store64(c, w);
                    case Word.STORE_CONSTANT -> WordMoves.storeConstant(c, w, words[++i]);
                    case Word.PUSH -> WordMoves.push(c, w);
                    case Word.POP -> WordMoves.pop(c, w);
                    case Word.ADD -> WordArithmetic.add(c, w);
                    case Word.ADD_LOAD -> WordArithmetic.addLoad(c, w);
                    case Word.ADD_CARRY -> WordArithmetic.addCarry(c, w);
                    case Word.ADD_CARRY_LOAD -> WordArithmetic.addCarryLoad(c, w);
                    case Word.COMPARE_MEMORY -> WordArithmetic.compareMemory(c, w, c.r[Word.register(w)]);
                    case Word.COMPARE_MEMORY_CONSTANT -> WordArithmetic.compareMemory(c, w, words[++i]);
                    case Word.LOGIC -> WordArithmetic.logic(c, w);
                    case Word.LOGIC_LOAD -> WordArithmetic.logicLoad(c, w);
                    case Word.TEST -> WordArithmetic.test(c, w);
                    case Word.TEST_MEMORY -> WordArithmetic.testMemory(c, w, c.r[Word.register(w)]);
                    case Word.TEST_MEMORY_CONSTANT -> WordArithmetic.testMemory(c, w, words[++i]);
                    case Word.STEP -> WordArithmetic.step(c, w);
                    case Word.NEGATE -> WordArithmetic.negate(c, w);
                    case Word.NOT -> WordArithmetic.not(c, w);
                    case Word.SHIFT_LEFT -> WordArithmetic.shiftLeft(c, w);
                    case Word.SHIFT_RIGHT -> WordArithmetic.shiftRight(c, w);
                    case Word.SHIFT_SIGNED -> WordArithmetic.shiftSigned(c, w);
                    case Word.MULTIPLY -> WordArithmetic.multiply(c, w);
                    case Word.MULTIPLY_CONSTANT -> WordArithmetic.multiplyConstant(c, w);
                    case Word.MULTIPLY_LOAD -> WordArithmetic.multiplyLoad(c, w);
                    case Word.SET -> WordMoves.set(c, w);
                    case Word.MOVE_IF -> WordMoves.moveIf(c, w);
                    case Word.OP -> code.op(w).exec(c);
                    case Word.JUMP -> {
                        WordMoves.jump(c, w);
                        return;
                    }
                    case Word.JUMP_IF -> {
                        WordMoves.jumpIf(c, w);
                        return;
                    }
                    case Word.CALL -> {
                        WordMoves.call(c, w);
                        return;
                    }
                    case Word.RETURN -> {
                        WordMoves.ret(c);
                        return;
                    }
                    case Word.LAST_OP -> {
                        code.op(w).exec(c);
                        return;
                    }
                    case Word.END -> {
                        return;
                    }
                    default -> throw new IllegalStateException("kind " + Word.kind(w));
                }
                i++;
            }
        } catch (RuntimeException | Error f) {
            code.fault(c, block, i, ipMask);
            throw f;
        }
    }
}
