// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.translate;

import io.splitvisor.vcpu.cpu.Cpu;
import io.splitvisor.vcpu.decode.Arg;
import io.splitvisor.vcpu.decode.Insn;
import java.lang.classfile.Label;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.util.Map;

/** Shifts and rotates by constants and by CL. Rotates through the carry are left to the interpreter. */
final class ShiftRules {
    static final Map<String, Rule> RULES = Map.of(
            "shl", shift(FlagKind.SHL),
            "shr", shift(FlagKind.SHR),
            "sar", shift(FlagKind.SAR),
            "rol", rotation(true),
            "ror", rotation(false),
            "shld",
                    Rule.plain(Rule.After.CANONICAL, (b, i) -> shiftDouble(b, i, true))
                            .when(ShiftRules::shiftsDouble),
            "shrd",
                    Rule.plain(Rule.After.CANONICAL, (b, i) -> shiftDouble(b, i, false))
                            .when(ShiftRules::shiftsDouble));

    private ShiftRules() {}

    private static Rule shift(int operation) {
        Rule.After after = (i, kind) -> byCl(i)
                ? FlagKind.CANONICAL
                : FlagKind.of(operation, Operand.of(i, 0).size());
        return Rule.plain(after, (b, i) -> {
                    if (byCl(i)) {
                        shiftByCl(b, i, operation);
                    } else {
                        shift(b, i, operation);
                    }
                })
                .when(i -> byCl(i) || count(i, 1) != 0);
    }

    private static Rule rotation(boolean left) {
        return Rule.plain(Rule.After.MERGED, (b, i) -> rotate(b, i, left)).when(ShiftRules::rotates);
    }

    private static boolean byCl(Insn i) {
        return i.row().args().getLast().kind() == Arg.Kind.COUNT;
    }

    private static int count(Insn i, int operand) {
        int mask = Operand.of(i, 0).size() == 8 ? 63 : 31;
        return (int) ((Operand.Constant) Operand.of(i, operand)).value() & mask;
    }

    private static boolean rotates(Insn i) {
        int size = Operand.of(i, 0).size();
        return byCl(i) ? size >= 4 : size >= 4 ? count(i, 1) != 0 : count(i, 1) % (8 * size) != 0;
    }

    private static boolean shiftsDouble(Insn i) {
        return !byCl(i) && Operand.of(i, 0).size() >= 4 && count(i, 2) != 0;
    }

    /** Pushes the destination's value, extended as the shift wants it. */
    private static void value(Body b, Operand d, int operation) {
        ArithmeticRules.startChange(b, d);
        if (operation == FlagKind.SAR) {
            b.signExtend(d.size());
        } else if (operation == FlagKind.SHR && d instanceof Operand.Register) {
            b.zeroExtend(d.size());
        }
    }

    private static void move(Body b, int operation) {
        switch (operation) {
            case FlagKind.SHL -> b.code.lshl();
            case FlagKind.SHR -> b.code.lushr();
            default -> b.code.lshr();
        }
    }

    private static void shift(Body b, Insn i, int operation) {
        Operand d = Operand.of(i, 0);
        int n = count(i, 1);
        value(b, d, operation);
        if (b.flagsUnread()) {
            b.code.loadConstant(n);
            move(b, operation);
            ArithmeticRules.change(b, d);
            b.flagsAre(FlagKind.of(operation, d.size()));
            return;
        }
        b.code.dup2();
        if (n > 1) {
            b.code.loadConstant(n - 1);
            move(b, operation);
        }
        b.code.lstore(Body.FLAG_A).loadConstant(n);
        move(b, operation);
        b.code.lstore(Body.FLAG_R);
        ArithmeticRules.finishChange(b, d, Body.FLAG_R);
        b.flagsAre(FlagKind.of(operation, d.size()));
    }

    /** Pushes the masked count, stores it in {@link Body#C}, and jumps if it is zero. */
    private static void countInCl(Body b, int size, Label ifZero) {
        b.get(Cpu.RCX);
        b.code.l2i()
                .loadConstant(size == 8 ? 63 : 31)
                .iand()
                .dup()
                .istore(Body.C)
                .ifeq(ifZero);
    }

    /** A count of zero changes nothing, but clears the upper half of a 32-bit register. */
    private static void afterCl(Body b, Operand d) {
        if (d instanceof Operand.Register r && r.size() == 4) {
            b.zeroExtended(r);
            b.put(r.number());
        }
    }

    private static void shiftByCl(Body b, Insn i, int operation) {
        Operand d = Operand.of(i, 0);
        Label done = b.code.newLabel();
        value(b, d, operation);
        b.code.lstore(Body.A);
        b.canonical();
        countInCl(b, d.size(), done);
        b.code.lload(Body.A).iload(Body.C).loadConstant(1).isub();
        move(b, operation);
        if (operation == FlagKind.SAR) {
            b.flags("carrySar", 1, Body.NO_SHIFT);
        }
        b.code.lload(Body.A).iload(Body.C);
        move(b, operation);
        b.code.lstore(Body.B);
        if (operation != FlagKind.SAR) {
            b.code.lload(Body.B);
            b.flags(operation == FlagKind.SHL ? "carryShl" : "carryShr", 2, d.up());
        }
        result(b, d, done);
    }

    /** Pops the lazy carry; the value is in {@link Body#B}. */
    private static void result(Body b, Operand d, Label done) {
        b.code.lstore(Body.FLAG_A).lload(Body.B);
        b.signExtend(d.size());
        b.code.lstore(Body.FLAG_R);
        b.constant(0);
        b.code.lstore(Body.FLAG_B);
        ArithmeticRules.finishChange(b, d, Body.B);
        b.code.labelBinding(done);
        b.flagsAre(FlagKind.CANONICAL);
        afterCl(b, d);
    }

    private static void rotate(Body b, Insn i, boolean left) {
        Operand d = Operand.of(i, 0);
        Label done = b.code.newLabel();
        ArithmeticRules.startChange(b, d);
        if (b.flagsUnread() && !byCl(i)) {
            rotate(b, i, d.size(), left);
            ArithmeticRules.change(b, d);
            b.flagsAre(FlagKind.CANONICAL);
            return;
        }
        b.code.lstore(Body.A);
        b.canonical();
        if (byCl(i)) {
            countInCl(b, d.size(), done);
        }
        b.code.lload(Body.A);
        rotate(b, i, d.size(), left);
        b.code.lstore(Body.B).lload(Body.B);
        b.flags(left ? "carryRol" : "carryRor", 1, d.up());
        b.code.lstore(Body.FLAG_A);
        ArithmeticRules.finishChange(b, d, Body.B);
        b.code.labelBinding(done);
        b.flagsAre(FlagKind.CANONICAL);
        afterCl(b, d);
    }

    /** Rotates the value on the stack, by the count or by what is in {@link Body#C}. */
    private static void rotate(Body b, Insn i, int size, boolean left) {
        if (size < 4) {
            int by = count(i, 1) % (8 * size);
            rotatePart(b, size, left ? by : 8 * size - by);
            return;
        }
        ClassDesc type = size == 8 ? ConstantDescs.CD_long : ConstantDescs.CD_int;
        if (size == 4) {
            b.code.l2i();
        }
        if (byCl(i)) {
            b.code.iload(Body.C);
        } else {
            b.code.loadConstant(count(i, 1));
        }
        b.call(
                size == 8 ? ConstantDescs.CD_Long : ConstantDescs.CD_Integer,
                left ? "rotateLeft" : "rotateRight",
                MethodTypeDesc.of(type, type, ConstantDescs.CD_int));
        if (size == 4) {
            b.code.i2l();
        }
    }

    private static void rotatePart(Body b, int size, int left) {
        b.zeroExtend(size);
        b.code.dup2().loadConstant(left).lshl();
        b.code.lstore(Body.B)
                .loadConstant(8 * size - left)
                .lushr()
                .lload(Body.B)
                .lor();
    }

    private static void shiftDouble(Body b, Insn i, boolean left) {
        Operand d = Operand.of(i, 0);
        int n = count(i, 2);
        int bits = 8 * d.size();
        ArithmeticRules.startChange(b, d);
        b.zeroExtend(d.size());
        b.code.lstore(Body.A);
        b.code.lload(Body.A).loadConstant(n);
        move(b, left ? FlagKind.SHL : FlagKind.SHR);
        b.zeroExtended(Operand.of(i, 1));
        b.code.loadConstant(bits - n);
        move(b, left ? FlagKind.SHR : FlagKind.SHL);
        b.code.lor().lstore(Body.B);
        b.code.lload(Body.A).loadConstant(left ? n - 1 + d.up() : 64 - n).lshl();
        b.code.lload(Body.A).lload(Body.B).lxor();
        b.up(d.up());
        b.flags("combine", 2, Body.NO_SHIFT);
        result(b, d, b.code.newLabel());
    }
}
