// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.op;

import io.splitvisor.vcpu.cpu.Cpu;
import io.splitvisor.vcpu.decode.Arg;
import io.splitvisor.vcpu.decode.Insn;
import io.splitvisor.vcpu.decode.OpcodeTable;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Which instructions are {@link Word}s: the commonest ones with operands of 32 and 64 bits, those that only read with smaller ones, too;
 * everything with memory or flow in 64-bit code with 64-bit addresses. The others are {@link Op}s.
 */
final class Words {
    private static final Map<String, Form> FORMS = new HashMap<>();

    static {
        FORMS.put("mov", Words::mov);
        FORMS.put("movzx", Words::moveExtended);
        FORMS.put("movsx", Words::moveSigned);
        FORMS.put("movsxd", Words::moveSigned);
        FORMS.put("lea", Words::lea);
        FORMS.put("nop", (i, out) -> true);
        FORMS.put("push", (i, out) -> stack(i, out, Word.PUSH));
        FORMS.put("pop", (i, out) -> register(i, 0) != Cpu.RSP && stack(i, out, Word.POP));
        FORMS.put("add", (i, out) -> arithmetic(i, out, Word.ADD, 0));
        FORMS.put("sub", (i, out) -> arithmetic(i, out, Word.ADD, 1L << Word.SUBTRACT));
        FORMS.put("adc", (i, out) -> arithmetic(i, out, Word.ADD_CARRY, 0));
        FORMS.put("sbb", (i, out) -> arithmetic(i, out, Word.ADD_CARRY, 1L << Word.SUBTRACT));
        FORMS.put("cmp", Words::compare);
        FORMS.put("and", (i, out) -> arithmetic(i, out, Word.LOGIC, 1L << Word.AND));
        FORMS.put("or", (i, out) -> arithmetic(i, out, Word.LOGIC, 1L << Word.AND | 1L << Word.XOR));
        FORMS.put("xor", (i, out) -> arithmetic(i, out, Word.LOGIC, 1L << Word.XOR));
        FORMS.put("test", Words::test);
        FORMS.put("inc", (i, out) -> unary(i, out, Word.STEP, 1));
        FORMS.put("dec", (i, out) -> unary(i, out, Word.STEP, -1));
        FORMS.put("neg", (i, out) -> unary(i, out, Word.NEGATE, 0));
        FORMS.put("not", (i, out) -> unary(i, out, Word.NOT, 0));
        FORMS.put("shl", (i, out) -> shift(i, out, Word.SHIFT_LEFT));
        FORMS.put("shr", (i, out) -> shift(i, out, Word.SHIFT_RIGHT));
        FORMS.put("sar", (i, out) -> shift(i, out, Word.SHIFT_SIGNED));
        FORMS.put("imul", Words::multiply);
        FORMS.put("jmp", (i, out) -> direct(i) && put(out, number(Word.JUMP, i)));
        FORMS.put("call", (i, out) -> direct(i) && put(out, number(Word.CALL, i)));
        FORMS.put("ret", (i, out) -> i.operandBytes() == 8 && i.row().args().isEmpty() && put(out, Word.RETURN, 0));
    }

    private static final Form[] BY_ROW =
            OpcodeTable.instance().rows().stream().map(r -> form(r.mnemonic())).toArray(Form[]::new);

    private Words() {}

    /** Adds an instruction as words; answers false, adding nothing, if it is none. */
    @FunctionalInterface
    private interface Form {
        boolean add(Insn i, WordCode out);
    }

    private static Form form(String mnemonic) {
        Form form = FORMS.get(mnemonic);
        if (form != null) {
            return form;
        }
        if (mnemonic.startsWith("set")) {
            return Words::set;
        }
        if (mnemonic.startsWith("cmov")) {
            return Words::moveIf;
        }
        return Lowerings.isConditionalJump(mnemonic) ? Words::jumpIf : (i, out) -> false;
    }

    /** Adds an instruction as words; answers false, adding nothing, if it is none. */
    static boolean add(Insn i, WordCode out) {
        return i.row() != null
                && !Lowerings.isTooLong(i)
                && !i.lock()
                && BY_ROW[i.row().id()].add(i, out);
    }

    private static boolean put(WordCode out, long word) {
        if (word != 0) {
            out.put(word);
        }
        return word != 0;
    }

    private static boolean put(WordCode out, int kind, int register) {
        return put(out, Word.of(kind, register, Cpu.ZERO, 0, 0));
    }

    private static long number(int kind, Insn i) {
        return Word.of(kind, 0, Cpu.ZERO, 0, (int) i.immediate());
    }

    // Operands

    private static Arg.Kind kind(Insn i, int operand) {
        return i.row().args().get(operand).kind();
    }

    private static int size(Insn i, int operand) {
        return i.row().args().get(operand).size(i);
    }

    private static int up(int size) {
        return 64 - 8 * size;
    }

    private static boolean flat(Insn i) {
        return i.mode() == Insn.MODE64
                && i.addressBytes() == 8
                && (int) i.displacement() == i.displacement()
                && Word.isSum(i);
    }

    /** The number of a general register that an operand is, or -1 if it is something else or the second byte of one. */
    private static int register(Insn i, int operand) {
        int number =
                switch (kind(i, operand)) {
                    case RM -> i.hasMemory() ? -1 : i.rm();
                    case REG -> i.reg();
                    case OPCODE_REG -> i.opcodeRegister();
                    case ACC -> Cpu.RAX;
                    default -> -1;
                };
        boolean second = number >= 4 && size(i, operand) == 1 && !i.hasRex();
        return second ? -1 : number;
    }

    private static boolean isMemory(Insn i, int operand) {
        Arg.Kind kind = kind(i, operand);
        return (kind == Arg.Kind.RM || kind == Arg.Kind.MEMORY) && i.hasMemory();
    }

    private static boolean isImmediate(Insn i, int operand) {
        return kind(i, operand) == Arg.Kind.IMM;
    }

    // Moves

    private static boolean mov(Insn i, WordCode out) {
        int size = size(i, 0);
        int d = register(i, 0);
        if (isImmediate(i, 1)) {
            return immediate(i, out, d, size);
        }
        int s = register(i, 1);
        if (d >= 0 && s >= 0) {
            return size >= 4 && put(out, Word.of(Word.MOVE, d, s, up(size), 0));
        }
        if (!i.hasMemory() || !flat(i)) {
            return false;
        }
        if (d >= 0) {
            return size >= 4 && isMemory(i, 1) && put(out, Word.withAddress(load(size), d, i, up(size)));
        }
        return s >= 0 && isMemory(i, 0) && put(out, Word.withAddress(store(size), s, i, up(size)));
    }

    private static boolean immediate(Insn i, WordCode out, int d, int size) {
        long value = i.immediate();
        if (d >= 0) {
            if (size == 8 && (int) value != value) {
                out.put(Word.of(Word.CONSTANT, d, Cpu.ZERO, 0, 0));
                out.put(value);
                return true;
            }
            return size >= 4 && put(out, Word.of(Word.MOVE, d, Cpu.ZERO, up(size), (int) value));
        }
        if (!isMemory(i, 0) || !flat(i)) {
            return false;
        }
        out.put(Word.withAddress(Word.STORE_CONSTANT, 0, i, up(size)));
        out.put(value);
        return true;
    }

    private static int load(int size) {
        return Word.LOAD8 + Integer.numberOfTrailingZeros(size);
    }

    private static int store(int size) {
        return Word.STORE8 + Integer.numberOfTrailingZeros(size);
    }

    private static boolean moveExtended(Insn i, WordCode out) {
        int size = size(i, 1);
        if (i.operandBytes() < 4) {
            return false;
        }
        if (i.hasMemory()) {
            return flat(i) && put(out, Word.withAddress(load(size), i.reg(), i, 0));
        }
        int s = register(i, 1);
        return s >= 0 && put(out, Word.of(Word.MOVE, i.reg(), s, up(size), 0));
    }

    private static boolean moveSigned(Insn i, WordCode out) {
        int size = size(i, 1);
        int up = up(i.operandBytes());
        if (i.operandBytes() < 4) {
            return false;
        }
        if (i.hasMemory()) {
            return flat(i)
                    && put(
                            out,
                            Word.withAddress(Word.LOAD_SIGNED, i.reg(), i, up)
                                    | (long) Integer.numberOfTrailingZeros(size) << Word.SUBTRACT);
        }
        int s = register(i, 1);
        return s >= 0 && put(out, Word.of(Word.MOVE_SIGNED, i.reg(), s, up, up(size)));
    }

    private static boolean lea(Insn i, WordCode out) {
        if (i.operandBytes() < 4 || !flat(i)) {
            return false;
        }
        return put(out, Word.withOffset(Word.MOVE, i.reg(), i, up(i.operandBytes())));
    }

    private static boolean stack(Insn i, WordCode out, int kind) {
        int register = register(i, 0);
        return register >= 0 && i.operandBytes() == 8 && put(out, kind, register);
    }

    // Arithmetic and logic

    /** ADD to XOR with a register as destination; from memory, it is the next kind. */
    private static boolean arithmetic(Insn i, WordCode out, int kind, long options) {
        int size = size(i, 0);
        return size >= 4 && put(out, binary(i, kind, kind + 1, options));
    }

    private static boolean compare(Insn i, WordCode out) {
        return put(out, binary(i, Word.ADD, Word.ADD_LOAD, 1L << Word.SUBTRACT | 1L << Word.DISCARD))
                || withMemory(i, out, Word.COMPARE_MEMORY);
    }

    private static boolean test(Insn i, WordCode out) {
        return put(out, binary(i, Word.LOGIC, 0, 1L << Word.AND | 1L << Word.DISCARD))
                || withMemory(i, out, Word.TEST_MEMORY);
    }

    /** A word of a register and something, or 0. */
    private static long binary(Insn i, int kind, int kindFromMemory, long options) {
        int d = register(i, 0);
        int up = up(size(i, 0));
        if (d < 0) {
            return 0;
        }
        if (isImmediate(i, 1)) {
            return Word.of(kind, d, Cpu.ZERO, up, (int) i.immediate()) | options;
        }
        if (isMemory(i, 1)) {
            return flat(i) ? Word.withAddress(kindFromMemory, d, i, up) | options : 0;
        }
        int s = register(i, 1);
        return s < 0 ? 0 : Word.of(kind, d, s, up, 0) | options;
    }

    /** Memory with a register, or, which is the next kind, with an immediate. Nothing is written. */
    private static boolean withMemory(Insn i, WordCode out, int kind) {
        if (!isMemory(i, 0) || !flat(i)) {
            return false;
        }
        int up = up(size(i, 0));
        if (isImmediate(i, 1)) {
            out.put(Word.withAddress(kind + 1, 0, i, up));
            out.put(i.immediate());
            return true;
        }
        int s = register(i, 1);
        return s >= 0 && put(out, Word.withAddress(kind, s, i, up));
    }

    private static boolean unary(Insn i, WordCode out, int kind, int number) {
        int d = register(i, 0);
        int size = size(i, 0);
        return d >= 0 && size >= 4 && put(out, Word.of(kind, d, Cpu.ZERO, up(size), number));
    }

    private static boolean shift(Insn i, WordCode out, int kind) {
        int d = register(i, 0);
        int size = size(i, 0);
        Arg.Kind by = kind(i, 1);
        if (d < 0 || size < 4 || by == Arg.Kind.COUNT) {
            return false;
        }
        int count = (by == Arg.Kind.ONE ? 1 : (int) i.immediate()) & 8 * size - 1;
        return count != 0 && put(out, Word.of(kind, d, Cpu.ZERO, up(size), count));
    }

    private static boolean multiply(Insn i, WordCode out) {
        List<Arg> args = i.row().args();
        int size = size(i, 0);
        if (args.size() < 2 || size < 4) {
            return false;
        }
        if (i.hasMemory()) {
            return args.size() == 2 && flat(i) && put(out, Word.withAddress(Word.MULTIPLY_LOAD, i.reg(), i, up(size)));
        }
        return args.size() == 2
                ? put(out, Word.of(Word.MULTIPLY, i.reg(), i.rm(), up(size), 0))
                : put(out, Word.of(Word.MULTIPLY_CONSTANT, i.reg(), i.rm(), up(size), (int) i.immediate()));
    }

    // Conditions and flow

    private static boolean set(Insn i, WordCode out) {
        int d = register(i, 0);
        return d >= 0 && put(out, Word.withCondition(Word.of(Word.SET, d, Cpu.ZERO, 0, 0), i.opcode() & 15));
    }

    private static boolean moveIf(Insn i, WordCode out) {
        int size = size(i, 0);
        if (i.hasMemory() || size < 4) {
            return false;
        }
        return put(out, Word.withCondition(Word.of(Word.MOVE_IF, i.reg(), i.rm(), up(size), 0), i.opcode() & 15));
    }

    private static boolean jumpIf(Insn i, WordCode out) {
        return direct(i) && put(out, Word.withCondition(number(Word.JUMP_IF, i), i.opcode() & 15));
    }

    /** Whether it goes to a place that is a distance from here, and counts with 64 bits. */
    private static boolean direct(Insn i) {
        return i.operandBytes() == 8 && kind(i, 0) == Arg.Kind.REL;
    }
}
