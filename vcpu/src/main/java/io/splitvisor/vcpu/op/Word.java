// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.op;

import io.splitvisor.vcpu.cpu.Cpu;
import io.splitvisor.vcpu.decode.Insn;
import java.util.List;

/**
 * An instruction in 64 bits. What limits an interpreter on code that does not repeat much is neither the number of its steps nor what
 * they do, but the host's cache misses behind mispredicted jumps: so the commonest instructions are words that lie one after the
 * other, and few kinds of them do much, told apart by masks instead of jumps.
 *
 * <pre>
 *   0  kind          6  register      11  {@linkplain #DISCARD discarded}      12  base      17  index, or {@linkplain #CONDITION a condition}
 *  22  scale        24  options of the kind                             26  operand size ("up")     32  number, signed
 * </pre>
 *
 * <p>Base, index, scale and number make the word's {@link #sum}, which is an address, or a register's value, or an immediate. Where a
 * word is not enough, the next one holds the rest.
 */
final class Word {
    /** Register := sum. MOV between registers and of immediates, LEA, and MOVZX of a register, whose "up" is the source's. */
    static final int MOVE = 1;
    /** Register := next word. */
    static final int CONSTANT = 2;
    /** Register := register, sign-extended from 64 minus number bits. */
    static final int MOVE_SIGNED = 3;
    /** Loads, zero-extended. */
    static final int LOAD8 = 4;

    static final int LOAD16 = 5;
    static final int LOAD32 = 6;
    static final int LOAD64 = 7;
    /** A load, sign-extended; its options are the binary logarithm of the bytes. */
    static final int LOAD_SIGNED = 8;

    static final int STORE8 = 9;
    static final int STORE16 = 10;
    static final int STORE32 = 11;
    static final int STORE64 = 12;
    /** A store of the next word. */
    static final int STORE_CONSTANT = 13;

    static final int PUSH = 14;
    static final int POP = 15;
    /** ADD, SUB and CMP: register with sum; see {@link #SUBTRACT} and {@link #DISCARD}. */
    static final int ADD = 16;
    /** The same with memory. */
    static final int ADD_LOAD = 17;
    /** ADC and SBB: register with sum. */
    static final int ADD_CARRY = 18;
    /** ADC and SBB: register with memory. */
    static final int ADD_CARRY_LOAD = 19;
    /** CMP: memory with register. */
    static final int COMPARE_MEMORY = 20;
    /** CMP: memory with the next word. */
    static final int COMPARE_MEMORY_CONSTANT = 21;
    /** AND, OR, XOR, TEST: register with sum; see {@link #AND}, {@link #XOR} and {@link #DISCARD}. */
    static final int LOGIC = 22;
    /** The same with memory. */
    static final int LOGIC_LOAD = 23;
    /** TEST: memory with register. */
    static final int TEST_MEMORY = 25;
    /** TEST: memory with the next word. */
    static final int TEST_MEMORY_CONSTANT = 26;
    /** INC and DEC, by the number. */
    static final int STEP = 27;

    static final int NEGATE = 28;
    static final int NOT = 29;
    /** Shifts of a register by a number that is not zero. */
    static final int SHIFT_LEFT = 30;

    static final int SHIFT_RIGHT = 31;
    static final int SHIFT_SIGNED = 32;
    /** IMUL: register := register times base register. */
    static final int MULTIPLY = 33;
    /** IMUL: register := base register times number. */
    static final int MULTIPLY_CONSTANT = 34;

    static final int MULTIPLY_LOAD = 35;
    /** SETcc and CMOVcc between registers. */
    static final int SET = 36;

    static final int MOVE_IF = 37;
    /** What follows ends a block. */
    static final int JUMP = 38;

    static final int JUMP_IF = 39;
    static final int CALL = 40;
    static final int RETURN = 41;
    /** The end of a block that no instruction ends. */
    static final int END = 42;
    /** An {@link Op}, its number. */
    static final int OP = 43;
    /** An {@link Op} that ends the block. */
    static final int LAST_OP = 44;
    /** An {@link Op} that calls, and ends the block. */
    static final int CALL_OP = 45;

    /** One of {@link #BEFORE_JUMP} with the conditional jump that is the next word; ends a block. */
    static final int WITH_JUMP = 46;
    /** One of {@link #FIRST} with one of {@link #SECOND}, which is the next word: two instructions for one jump of the interpreter's. */
    static final int PAIR = 48;

    /** Kinds whose words end a block together with a conditional jump. */
    static final List<Integer> BEFORE_JUMP = List.of(ADD, LOGIC);
    /** See {@link #PAIR}. */
    static final List<Integer> FIRST = List.of(MOVE, ADD, LOAD64);
    /** See {@link #PAIR}. */
    static final List<Integer> SECOND = List.of(MOVE, ADD, LOGIC, LOAD64, STORE64);

    /** The result goes to a register that nobody reads. */
    static final int DISCARD = 11;
    /** Option: the operand is taken away. */
    static final int SUBTRACT = 24;
    /** Option: the bits that both operands have belong to the result. */
    static final int AND = 24;
    /** Option: the bits in which the operands differ belong to the result. */
    static final int XOR = 25;
    /**
     * Five bits that describe a condition: whether the sign bit of the carry, of the carry moved up by one, and of the result take part
     * in an exclusive or; whether a result of zero fulfils it, too; whether the whole is inverted.
     */
    static final int CONDITION = 17;

    private static final int CARRY = 1;
    private static final int CARRY_BELOW = 2;
    private static final int SIGN = 4;
    private static final int ZERO = 8;
    private static final int INVERTED = 16;

    /** By half of the condition codes; parity has no such description. */
    private static final int[] CONDITIONS = {
        CARRY | CARRY_BELOW,
        CARRY,
        ZERO,
        CARRY | ZERO,
        SIGN,
        -1,
        SIGN | CARRY | CARRY_BELOW,
        SIGN | CARRY | CARRY_BELOW | ZERO
    };

    private Word() {}

    // Making words

    static long of(int kind, int register, int base, int up, int number) {
        return of(kind, register, base, Cpu.ZERO, 0, up, number);
    }

    /** A word whose {@link #sum} is an instruction's offset. */
    static long withOffset(int kind, int register, Insn i, int up) {
        return of(kind, register, i.base(), i.index(), i.scale(), up, i.displacement());
    }

    /** A word whose {@link #sum} is the linear address of an instruction's memory, for which {@link #isSum} holds. */
    static long withAddress(int kind, int register, Insn i, int up) {
        int segment = Ea.baseRegister(i.memorySegment());
        return segment == Cpu.ZERO
                ? withOffset(kind, register, i, up)
                : of(kind, register, i.base(), segment, 0, up, i.displacement());
    }

    /** Whether the linear address of an instruction's memory has no more parts than a word: a segment's base takes the index's place. */
    static boolean isSum(Insn i) {
        return i.index() == Cpu.ZERO || Ea.baseRegister(i.memorySegment()) == Cpu.ZERO;
    }

    private static long of(int kind, int register, int base, int index, int scale, int up, long number) {
        int low = kind | register << 6 | base << 12 | index << 17 | scale << 22 | up << 26;
        return number << 32 | (low & 0xffff_ffffL);
    }

    /** Replaces the index register by a condition code's description, or returns 0 if it has none. */
    static long withCondition(long word, int code) {
        int description = CONDITIONS[code >> 1];
        if (description < 0) {
            return 0;
        }
        long bits = (code & 1) == 0 ? description : description | INVERTED;
        return (word & ~(31L << CONDITION)) | bits << CONDITION;
    }

    // Reading them

    static int kind(long w) {
        return (int) w & 63;
    }

    /** Whether the next word belongs to it. */
    static boolean isLong(int kind) {
        return switch (kind) {
            case CONSTANT, STORE_CONSTANT, COMPARE_MEMORY_CONSTANT, TEST_MEMORY_CONSTANT -> true;
            default -> false;
        };
    }

    /** The kind that two words of these kinds have together, or the first one's. */
    static int paired(int kind, int next) {
        if (next == JUMP_IF && BEFORE_JUMP.contains(kind)) {
            return WITH_JUMP + BEFORE_JUMP.indexOf(kind);
        }
        boolean pair = FIRST.contains(kind) && SECOND.contains(next);
        return pair ? PAIR + SECOND.size() * FIRST.indexOf(kind) + SECOND.indexOf(next) : kind;
    }

    static int register(long w) {
        return (int) w >>> 6 & 31;
    }

    /** Where the result goes. */
    static int destination(long w) {
        return (int) w >>> 6 & 63;
    }

    static int base(long w) {
        return (int) w >>> 12 & 31;
    }

    /** The binary logarithm of the bytes that are sign-extended. */
    static int bytesShift(long w) {
        return (int) w >>> 24 & 3;
    }

    static long number(long w) {
        return w >> 32;
    }

    /** 64 minus the operand size in bits. */
    static int up(long w) {
        return (int) w >>> 26;
    }

    /** All ones if a bit is set, else zero. */
    static long mask(long w, int bit) {
        return w << 63 - bit >> 63;
    }

    static long sum(long[] r, long w) {
        int low = (int) w;
        return r[low >>> 12 & 31] + (r[low >>> 17 & 31] << (low >>> 22 & 3)) + (w >> 32);
    }

    /** Loads what a word's address leads to. */
    static long load(Cpu c, long[] r, long w) {
        long a = sum(r, w);
        return switch (up(w)) {
            case 0 -> c.mmu.load64(a);
            case 32 -> c.mmu.load32(a);
            case 48 -> c.mmu.load16(a);
            default -> c.mmu.load8(a);
        };
    }

    /** All ones if a word's condition holds, else zero. */
    static long holds(Cpu c, long w) {
        long carry = c.carry;
        long result = c.res;
        long odd = (carry & mask(w, CONDITION))
                ^ (carry << 1 & mask(w, CONDITION + 1))
                ^ ((result ^ c.aux) & mask(w, CONDITION + 2));
        long zero = ~(result | -result) & mask(w, CONDITION + 3);
        return ((odd | zero) ^ mask(w, CONDITION + 4)) >> 63;
    }
}
