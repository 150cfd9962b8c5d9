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
        execute(c, code, block, ipMask, c.retired, 0);
    }

    /**
     * Executes a block of 64-bit code, and those that follow it as they did before, until something else is to be looked at.
     *
     * @param limit instructions that may have retired
     * @param threshold a block that was executed more often is not gone on with
     */
    public static void runOn(Cpu c, WordCode code, int block, long limit, int threshold) {
        execute(c, code, block, -1, limit, threshold);
    }

    private static void execute(Cpu c, WordCode code, int first, long ipMask, long limit, int threshold) {
        long[] r = c.r;
        long[] words = code.words();
        int block = first;
        while (true) {
            code.running(block);
            long shape = words[block + WordCode.SHAPE];
            long rip = c.rip;
            r[Cpu.BLOCK] = rip;
            c.rip = rip + WordCode.bytes(shape) & ipMask;
            c.retired += (int) shape & 0xff;
            try {
                WordSteps.run(c, r, code, words, WordCode.body(block));
                end(c, r, code, words[code.stopped()]);
            } catch (RuntimeException | Error f) {
                code.fault(c, block, ipMask);
                throw f;
            }
            if (c.attention || c.retired - limit >= 0 || c.mode != Cpu.CODE64) {
                return;
            }
            int next = WordCode.follower(
                    c, words, Word.kind(words[code.stopped()]) == Word.RETURN ? code.caller(c) : block);
            long hotter = words[next + WordCode.SHAPE] + WordCode.ONCE;
            if (next == WordCode.NONE || (int) hotter < 0 || (int) (hotter >>> 32) >= threshold) {
                return;
            }
            words[next + WordCode.SHAPE] = hotter;
            block = next;
        }
    }

    /** Executes the word that ends a block. */
    private static void end(Cpu c, long[] r, WordCode code, long w) {
        switch (Word.kind(w)) {
            case Word.JUMP_IF -> WordMoves.jumpIf(c, r, w);
            case Word.WITH_JUMP -> WordMoves.jumpIf(c, WordArithmetic.add(c, r, w - Word.WITH_JUMP), code.following());
            case Word.WITH_JUMP + 1 ->
                WordMoves.jumpIf(c, WordArithmetic.logic(c, r, w - Word.WITH_JUMP - 1), code.following());
            case Word.JUMP -> WordMoves.jump(c, r, w);
            case Word.CALL -> {
                WordMoves.call(c, r, w);
                code.called(c);
            }
            case Word.RETURN -> WordMoves.ret(c, r);
            case Word.LAST_OP -> code.op(w).exec(c);
            case Word.CALL_OP -> {
                code.op(w).exec(c);
                code.called(c);
            }
            case Word.END -> {}
            default -> throw new IllegalStateException("kind " + Word.kind(w));
        }
    }
}
