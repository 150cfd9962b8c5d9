// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.translate;

import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;
import java.lang.classfile.Opcode;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;

/** Jumps on condition codes. Where the kind of the flags allows, they compare what the instruction before has compared. */
final class Conditions {
    private static final int OVERFLOW = 0;
    private static final int BELOW = 1;
    private static final int EQUAL = 2;
    private static final int BELOW_OR_EQUAL = 3;
    private static final int SIGN = 4;
    private static final int PARITY = 5;
    private static final int LESS = 6;

    private Conditions() {}

    /** Jumps if a condition, as Jcc encodes it, holds. */
    static void branch(Body b, int condition, Label target) {
        if (b.kind == FlagKind.DYNAMIC) {
            b.canonical();
        }
        int test = condition >> 1;
        boolean holds = (condition & 1) == 0;
        boolean direct =
                switch (FlagKind.operation(b.kind)) {
                    case FlagKind.SUB -> compared(b, test, holds, target);
                    case FlagKind.LOGIC -> logical(b, test, holds, target);
                    case FlagKind.ADD -> added(b, test, holds, target);
                    default -> false;
                };
        if (!direct) {
            general(b, test, holds, target);
        }
    }

    private static void jump(CodeBuilder code, Opcode ifTrue, boolean holds, Label target) {
        code.branch(holds ? ifTrue : opposite(ifTrue), target);
    }

    private static Opcode opposite(Opcode opcode) {
        return switch (opcode) {
            case IFEQ -> Opcode.IFNE;
            case IFNE -> Opcode.IFEQ;
            case IFLT -> Opcode.IFGE;
            case IFLE -> Opcode.IFGT;
            case IF_ICMPEQ -> Opcode.IF_ICMPNE;
            case IF_ICMPLT -> Opcode.IF_ICMPGE;
            case IF_ICMPLE -> Opcode.IF_ICMPGT;
            default -> throw new IllegalArgumentException(opcode.toString());
        };
    }

    /** After a comparison or subtraction: the operands say it. */
    private static boolean compared(Body b, int test, boolean holds, Label target) {
        switch (test) {
            case BELOW -> unsigned(b, Body.FLAG_A, Body.FLAG_B, Opcode.IFLT, holds, target);
            case BELOW_OR_EQUAL -> unsigned(b, Body.FLAG_A, Body.FLAG_B, Opcode.IFLE, holds, target);
            case EQUAL -> signed(b, Opcode.IFEQ, Opcode.IF_ICMPEQ, holds, target);
            case LESS -> signed(b, Opcode.IFLT, Opcode.IF_ICMPLT, holds, target);
            case OVERFLOW, SIGN, PARITY -> {
                return false;
            }
            default -> signed(b, Opcode.IFLE, Opcode.IF_ICMPLE, holds, target);
        }
        return true;
    }

    private static void signed(Body b, Opcode onLong, Opcode onInt, boolean holds, Label target) {
        int size = FlagKind.size(b.kind);
        b.code.lload(Body.FLAG_A);
        if (size == 8) {
            b.code.lload(Body.FLAG_B).lcmp();
            jump(b.code, onLong, holds, target);
            return;
        }
        narrow(b.code, size);
        b.code.lload(Body.FLAG_B);
        narrow(b.code, size);
        jump(b.code, onInt, holds, target);
    }

    /** From a raw long to a sign-extended int. */
    private static void narrow(CodeBuilder code, int size) {
        code.l2i();
        if (size == 2) {
            code.i2s();
        } else if (size == 1) {
            code.i2b();
        }
    }

    private static void unsigned(Body b, int left, int right, Opcode ifTrue, boolean holds, Label target) {
        int size = FlagKind.size(b.kind);
        boolean quad = size == 8;
        for (int local : new int[] {left, right}) {
            b.code.lload(local);
            if (!quad) {
                // Sign extension keeps the unsigned order.
                narrow(b.code, size);
            }
        }
        b.call(
                quad ? ConstantDescs.CD_Long : ConstantDescs.CD_Integer,
                "compareUnsigned",
                quad
                        ? MethodTypeDesc.of(ConstantDescs.CD_int, ConstantDescs.CD_long, ConstantDescs.CD_long)
                        : MethodTypeDesc.of(ConstantDescs.CD_int, ConstantDescs.CD_int, ConstantDescs.CD_int));
        jump(b.code, ifTrue, holds, target);
    }

    /** After logic: no carry, no overflow. */
    private static boolean logical(Body b, int test, boolean holds, Label target) {
        switch (test) {
            case OVERFLOW, BELOW -> {
                if (!holds) {
                    b.code.goto_(target);
                }
            }
            case EQUAL, BELOW_OR_EQUAL -> onResult(b, Opcode.IFEQ, holds, target);
            case SIGN, LESS -> onResult(b, Opcode.IFLT, holds, target);
            case PARITY -> {
                return false;
            }
            default -> onResult(b, Opcode.IFLE, holds, target);
        }
        return true;
    }

    private static boolean added(Body b, int test, boolean holds, Label target) {
        if (test != BELOW) {
            return false;
        }
        unsigned(b, Body.FLAG_R, Body.FLAG_A, Opcode.IFLT, holds, target);
        return true;
    }

    /** Jumps on how the result compares with zero. The kind is not canonical. */
    private static void onResult(Body b, Opcode ifTrue, boolean holds, Label target) {
        int size = FlagKind.size(b.kind);
        b.code.lload(Body.FLAG_R);
        if (size == 8) {
            b.constant(0);
            b.code.lcmp();
        } else {
            narrow(b.code, size);
        }
        jump(b.code, ifTrue, holds, target);
    }

    private static void general(Body b, int test, boolean holds, Label target) {
        switch (test) {
            case OVERFLOW -> {
                overflow(b);
                onSign(b, holds, target);
            }
            case BELOW -> {
                b.carry();
                onSign(b, holds, target);
            }
            case EQUAL -> zero(b, holds, target);
            case SIGN -> {
                if (b.kind == FlagKind.CANONICAL) {
                    b.code.lload(Body.FLAG_R).lload(Body.FLAG_B).lxor();
                    onSign(b, holds, target);
                } else {
                    onResult(b, Opcode.IFLT, holds, target);
                }
            }
            case PARITY -> {
                b.result();
                b.auxiliary();
                b.test("parity", 2);
                jump(b.code, Opcode.IFNE, holds, target);
            }
            case BELOW_OR_EQUAL -> either(b, () -> b.carry(), holds, target);
            case LESS -> {
                less(b);
                onSign(b, holds, target);
            }
            default -> either(b, () -> less(b), holds, target);
        }
    }

    /** Jumps if the long that {@code value} pushes is negative, or the result is zero. */
    private static void either(Body b, Runnable value, boolean holds, Label target) {
        Label not = b.code.newLabel();
        zero(b, true, holds ? target : not);
        value.run();
        onSign(b, holds, target);
        b.code.labelBinding(not);
    }

    private static void zero(Body b, boolean holds, Label target) {
        if (b.kind == FlagKind.CANONICAL) {
            b.code.lload(Body.FLAG_R);
            b.constant(0);
            b.code.lcmp();
            jump(b.code, Opcode.IFEQ, holds, target);
        } else {
            onResult(b, Opcode.IFEQ, holds, target);
        }
    }

    private static void onSign(Body b, boolean holds, Label target) {
        b.constant(0);
        b.code.lcmp();
        jump(b.code, Opcode.IFLT, holds, target);
    }

    /** Pushes a long whose sign is OF. */
    private static void overflow(Body b) {
        b.carryOverflow();
        b.code.dup2().loadConstant(1).lshl().lxor();
    }

    /** Pushes a long whose sign is SF xor OF. */
    private static void less(Body b) {
        overflow(b);
        b.result();
        b.code.lxor();
        if (b.kind == FlagKind.CANONICAL) {
            b.code.lload(Body.FLAG_B).lxor();
        }
    }
}
