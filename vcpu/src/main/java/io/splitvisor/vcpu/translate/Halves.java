// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.translate;

import io.splitvisor.vcpu.decode.Arg;
import io.splitvisor.vcpu.decode.Insn;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.util.Set;

/**
 * An operand of an instruction on XMM registers, as two halves, each of which is a register of {@link Locals}, or one of the values
 * below.
 *
 * @param low the low half
 * @param high the high half
 */
record Halves(int low, int high) {
    /** A half that is zero. */
    static final int ZERO = -1;
    /** A half that is in {@link Body#LOW}. */
    private static final int LOADED_LOW = -2;
    /** A half that is in {@link Body#HIGH}. */
    private static final int LOADED_HIGH = -3;

    private static final Set<String> UNALIGNED = Set.of("movups", "movupd", "movdqu", "lddqu");

    private static final ClassDesc ACCESS = ClassDesc.of(GuestAccess.class.getName());
    private static final MethodTypeDesc LONG_TO_LONG = MethodTypeDesc.of(ConstantDescs.CD_long, ConstantDescs.CD_long);
    private static final MethodTypeDesc STORE =
            MethodTypeDesc.of(ConstantDescs.CD_void, ConstantDescs.CD_long, ConstantDescs.CD_long);

    /** An XMM register. */
    static Halves of(int register) {
        return new Halves(Locals.xmm(register, 0), Locals.xmm(register, 1));
    }

    /** Whether an instruction's operands are XMM registers, memory, general registers and immediates. */
    static boolean areVectors(Insn i) {
        return !i.lock()
                && i.row().args().stream().allMatch(a -> switch (a.kind()) {
                    case XMM_REG, XMM_RM, XMM_ZERO, RM, REG, MEMORY, IMM -> true;
                    default -> false;
                })
                && i.row().args().stream().anyMatch(Halves::isVector);
    }

    private static boolean isVector(Arg a) {
        return a.kind() == Arg.Kind.XMM_REG || a.kind() == Arg.Kind.XMM_RM;
    }

    /** The register that ModRM's reg field names, or operand number {@code n} if that is an XMM register in its rm field. */
    static Halves register(Insn i, int n) {
        return of(i.row().args().get(n).kind() == Arg.Kind.XMM_REG ? i.reg() : i.rm());
    }

    /** Whether operand number {@code n} is in memory. */
    static boolean inMemory(Insn i, int n) {
        return i.hasMemory() && i.row().args().get(n).kind() != Arg.Kind.XMM_REG;
    }

    /** Operand number {@code n}, loaded if it is in memory: then what memory does not have is zero. May miss. */
    static Halves read(Body b, Insn i, int n) {
        if (!inMemory(i, n)) {
            return register(i, n);
        }
        int size = i.row().args().get(n).size(i);
        b.address(i);
        if (size != 16) {
            b.loadAt(size);
            b.code.lstore(Body.LOW);
            return new Halves(LOADED_LOW, ZERO);
        }
        b.mayMiss();
        b.call(ACCESS, aligned(i) ? "loadableAligned" : "loadable128", LONG_TO_LONG);
        b.code.dup2().lstore(Body.AT);
        b.call(ACCESS, "peek64", LONG_TO_LONG);
        b.code.lstore(Body.LOW).lload(Body.AT).loadConstant(8L).ladd();
        b.call(ACCESS, "peek64", LONG_TO_LONG);
        b.code.lstore(Body.HIGH);
        return new Halves(LOADED_LOW, LOADED_HIGH);
    }

    private static boolean aligned(Insn i) {
        return !UNALIGNED.contains(i.row().mnemonic());
    }

    /** Stores as many low bytes of a register as the instruction's operand in memory has. May miss. */
    void store(Body b, Insn i) {
        int size = i.row().args().get(0).size(i);
        b.address(i);
        if (size != 16) {
            push(b, low);
            b.storeAt(size);
            return;
        }
        b.mayMiss();
        b.call(ACCESS, aligned(i) ? "storableAligned" : "storable128", LONG_TO_LONG);
        b.code.dup2().lstore(Body.AT);
        push(b, low);
        b.call(ACCESS, "poke64", STORE);
        b.code.lload(Body.AT).loadConstant(8L).ladd();
        push(b, high);
        b.call(ACCESS, "poke64", STORE);
    }

    /** Pushes a half. */
    static void push(Body b, int half) {
        switch (half) {
            case ZERO -> b.constant(0);
            case LOADED_LOW -> b.code.lload(Body.LOW);
            case LOADED_HIGH -> b.code.lload(Body.HIGH);
            default -> b.get(half);
        }
    }

    /** Half 0 or 1. */
    int half(int n) {
        return n == 0 ? low : high;
    }

    /** Pops the high half, then the low half, into a register. */
    void pop(Body b) {
        b.put(high);
        b.put(low);
    }
}
