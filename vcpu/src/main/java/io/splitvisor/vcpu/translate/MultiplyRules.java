// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.translate;

import io.splitvisor.vcpu.cpu.Cpu;
import io.splitvisor.vcpu.decode.Insn;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.util.Map;

/** MUL, IMUL, DIV, IDIV of 32 and 64 bits; IMUL into a register of 16 bits, too. */
final class MultiplyRules {
    static final Map<String, Rule> RULES = Map.of(
            "mul",
            Rule.plain(Rule.After.of(FlagKind.MUL), (b, i) -> wide(b, i, false))
                    .when(i -> i.opcode() == 0xf7 && i.operandBytes() >= 4),
            "imul",
            Rule.plain(Rule.After.of(FlagKind.MUL), MultiplyRules::imul)
                    .when(i -> i.row().args().size() > 1 || (i.opcode() == 0xf7 && i.operandBytes() >= 4)),
            "div",
            Rule.plain((b, i) -> divide(b, i, false))
                    .when(i -> i.opcode() == 0xf7 && i.operandBytes() >= 4)
                    .leaving(),
            "idiv",
            Rule.plain((b, i) -> divide(b, i, true))
                    .when(i -> i.opcode() == 0xf7 && i.operandBytes() >= 4)
                    .leaving());

    private static final MethodTypeDesc TWO_LONGS =
            MethodTypeDesc.of(ConstantDescs.CD_long, ConstantDescs.CD_long, ConstantDescs.CD_long);
    private static final MethodTypeDesc THREE_LONGS = MethodTypeDesc.of(
            ConstantDescs.CD_long, ConstantDescs.CD_long, ConstantDescs.CD_long, ConstantDescs.CD_long);
    private static final ClassDesc MATH = ClassDesc.of("java.lang.Math");
    private static final ClassDesc CHECKS = ClassDesc.of(Checks.class.getName());

    private MultiplyRules() {}

    private static void extended(Body b, Operand operand, boolean signed) {
        if (signed) {
            b.signExtended(operand);
        } else {
            b.zeroExtended(operand);
        }
    }

    private static void wide(Body b, Insn i, boolean signed) {
        Operand s = Operand.of(i, 0);
        int size = s.size();
        extended(b, s, signed);
        b.code.lstore(Body.B);
        extended(b, new Operand.Register(Cpu.RAX, size, false), signed);
        b.code.lstore(Body.A);
        b.code.lload(Body.A).lload(Body.B).lmul().lstore(Body.FLAG_R);
        if (size == 8) {
            b.code.lload(Body.A).lload(Body.B);
            b.call(MATH, signed ? "multiplyHigh" : "unsignedMultiplyHigh", TWO_LONGS);
        } else {
            b.code.lload(Body.FLAG_R).loadConstant(32).lshr();
            b.zeroExtend(4);
        }
        b.code.dup2();
        b.put(Cpu.RDX);
        if (signed) {
            // Fits if the high half repeats the sign of the low one.
            b.code.lload(Body.FLAG_R);
            b.signExtend(size);
            b.code.loadConstant(63).lshr();
            b.zeroExtend(size);
            b.code.lxor();
        }
        b.code.lstore(Body.FLAG_A).lload(Body.FLAG_R);
        b.write(new Operand.Register(Cpu.RAX, size, false));
        b.flagsAre(FlagKind.of(FlagKind.MUL, size));
    }

    private static void imul(Body b, Insn i) {
        int operands = i.row().args().size();
        if (operands == 1) {
            wide(b, i, true);
            return;
        }
        Operand.Register d = (Operand.Register) Operand.of(i, 0);
        int size = d.size();
        // Only the second operand can be memory.
        b.signExtended(Operand.of(i, 1));
        b.code.lstore(Body.A);
        b.signExtended(operands == 3 ? Operand.of(i, 2) : d);
        b.code.lstore(Body.B);
        b.code.lload(Body.A).lload(Body.B).lmul().lstore(Body.FLAG_R);
        b.code.lload(Body.FLAG_R);
        if (size == 8) {
            b.code.loadConstant(63).lshr().lload(Body.A).lload(Body.B);
            b.call(MATH, "multiplyHigh", TWO_LONGS);
        } else {
            b.signExtend(size);
            b.code.lload(Body.FLAG_R);
        }
        b.code.lxor().lstore(Body.FLAG_A).lload(Body.FLAG_R);
        b.write(d);
        b.flagsAre(FlagKind.of(FlagKind.MUL, size));
    }

    private static void divide(Body b, Insn i, boolean signed) {
        Operand s = Operand.of(i, 0);
        int size = s.size();
        extended(b, s, signed);
        b.code.lstore(Body.B);
        if (size == 8) {
            b.get(Cpu.RDX);
            b.get(Cpu.RAX);
            b.code.dup2().lstore(Body.A);
        } else {
            b.get(Cpu.RDX);
            b.up(32);
            b.zeroExtended(new Operand.Register(Cpu.RAX, 4, false));
            b.code.lor().dup2().lstore(Body.A);
        }
        b.code.lload(Body.B);
        b.mayMiss();
        String name = (signed ? "divideSigned" : "divide") + 8 * size;
        b.call(CHECKS, name, size == 8 ? THREE_LONGS : TWO_LONGS);
        b.code.dup2().lstore(Body.C);
        b.write(new Operand.Register(Cpu.RAX, size, false));
        b.code.lload(Body.A).lload(Body.C).lload(Body.B).lmul().lsub();
        b.write(new Operand.Register(Cpu.RDX, size, false));
    }
}
