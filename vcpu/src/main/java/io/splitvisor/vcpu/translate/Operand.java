// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.translate;

import io.splitvisor.vcpu.cpu.Cpu;
import io.splitvisor.vcpu.decode.Arg;
import io.splitvisor.vcpu.decode.Insn;

/** An operand of an instruction that is being translated. */
sealed interface Operand {
    /** Bytes. */
    int size();

    /** A general register, or part of one. */
    record Register(int number, int size, boolean high) implements Operand {}

    /** The instruction's memory operand. */
    record Memory(Insn insn, int size) implements Operand {}

    /** An immediate, sign-extended where the instruction does that. */
    record Constant(long value, int size) implements Operand {}

    /** 64 minus the bits. */
    default int up() {
        return 64 - 8 * size();
    }

    /** Whether operand number {@code n} is one of these. */
    static boolean isPlain(Insn i, int n) {
        return switch (i.row().args().get(n).kind()) {
            case RM, MEMORY, REG, OPCODE_REG, ACC, COUNT, ONE, IMM, OFFSET -> true;
            default -> false;
        };
    }

    /** Whether all operands are plain. */
    static boolean arePlain(Insn i) {
        for (int n = 0; n < i.row().args().size(); n++) {
            if (!isPlain(i, n)) {
                return false;
            }
        }
        return true;
    }

    /** Operand number {@code n}, plain. */
    static Operand of(Insn i, int n) {
        Arg arg = i.row().args().get(n);
        int size = arg.size(i);
        return switch (arg.kind()) {
            case RM, MEMORY -> i.hasMemory() ? new Memory(i, size) : register(i, i.rm(), size);
            case REG -> register(i, i.reg(), size);
            case OPCODE_REG -> register(i, i.opcodeRegister(), size);
            case ACC -> new Register(Cpu.RAX, size, false);
            case COUNT -> new Register(Cpu.RCX, 1, false);
            case ONE -> new Constant(1, 1);
            case IMM -> new Constant(immediate(i, n), size);
            case OFFSET -> new Memory(i, size);
            default -> throw new IllegalArgumentException(arg + " is not plain");
        };
    }

    private static long immediate(Insn i, int n) {
        boolean second = n > 0 && i.row().args().get(n - 1).kind() == Arg.Kind.IMM;
        return second ? i.immediate2() : i.immediate();
    }

    private static Register register(Insn i, int number, int size) {
        boolean high = size == 1 && !i.hasRex() && number >= 4;
        return new Register(high ? number - 4 : number, size, high);
    }
}
