// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.translate;

import io.splitvisor.vcpu.cpu.Cpu;
import io.splitvisor.vcpu.decode.Insn;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.util.HashMap;
import java.util.Map;

/** Floating point of SSE, as far as {@link FloatChecks} has it; the interpreter does what misses there. */
final class VectorFloatRules {
    static final Map<String, Rule> RULES = new HashMap<>();

    private static final ClassDesc PROCESSOR = ClassDesc.of(Cpu.class.getName());
    private static final ClassDesc CHECKS = ClassDesc.of(FloatChecks.class.getName());
    private static final MethodTypeDesc TWO_HALVES =
            MethodTypeDesc.of(ConstantDescs.CD_long, ConstantDescs.CD_long, ConstantDescs.CD_long);
    private static final MethodTypeDesc BINARY = TWO_HALVES.insertParameterTypes(2, ConstantDescs.CD_int);
    private static final MethodTypeDesc UNARY =
            MethodTypeDesc.of(ConstantDescs.CD_long, ConstantDescs.CD_long, ConstantDescs.CD_int);

    static {
        for (String name : new String[] {"add", "sub", "mul", "div", "sqrt"}) {
            scalar(name + "sd");
            scalar(name + "ss");
            packed(name + "ps", name + "ps");
            packed(name + "pd", name + "sd");
        }
        for (String name : new String[] {"min", "max"}) {
            scalar(name + "sd");
            scalar(name + "ss");
            packed(name + "pd", name + "sd");
        }
        scalar("cvtss2sd");
        scalar("cvtsd2ss");
        for (String type : new String[] {"ss", "sd"}) {
            for (String name : new String[] {"comi", "ucomi"}) {
                RULES.put(
                        name + type,
                        new Rule(
                                Halves::areVectors,
                                Rule.After.CANONICAL,
                                true,
                                (b, i) -> compare(b, i, "compare" + type)));
            }
            rule("cvtsi2" + type, VectorFloatRules::fromGeneral);
            rule("cvtt" + type + "2si", VectorFloatRules::toGeneral);
        }
    }

    private VectorFloatRules() {}

    private static void rule(String mnemonic, Rule.Emitter emitter) {
        RULES.put(mnemonic, VectorMoveRules.rule(emitter).leaving());
    }

    /** Into the low half, from the low halves of both operands. */
    private static void scalar(String mnemonic) {
        rule(mnemonic, (b, i) -> {
            Halves s = Halves.read(b, i, 1);
            Halves d = Halves.register(i, 0);
            apply(b, d.low(), s.low(), mnemonic);
            b.put(d.low());
        });
    }

    /** Into both halves, each by a function of the same halves. */
    private static void packed(String mnemonic, String function) {
        rule(mnemonic, (b, i) -> {
            Halves s = Halves.read(b, i, 1);
            Halves d = Halves.register(i, 0);
            apply(b, d.low(), s.low(), function);
            apply(b, d.high(), s.high(), function);
            d.pop(b);
        });
    }

    private static void apply(Body b, int d, int s, String function) {
        Halves.push(b, d);
        Halves.push(b, s);
        call(b, function, BINARY);
    }

    /** Calls a function that may miss, with MXCSR as its last argument. */
    private static void call(Body b, String function, MethodTypeDesc type) {
        b.mayMiss();
        b.code.aload(Body.CPU).getfield(PROCESSOR, "mxcsr", ConstantDescs.CD_int);
        b.call(CHECKS, function, type);
    }

    private static void fromGeneral(Body b, Insn i) {
        Halves d = Halves.register(i, 0);
        b.signExtended(Operand.of(i, 1));
        b.code.lstore(Body.A);
        Halves.push(b, d.low());
        b.code.lload(Body.A);
        call(b, i.row().mnemonic(), BINARY);
        b.put(d.low());
    }

    private static void toGeneral(Body b, Insn i) {
        Operand.Register d = (Operand.Register) Operand.of(i, 0);
        Halves.push(b, Halves.read(b, i, 1).low());
        call(b, i.row().mnemonic() + 8 * d.size(), UNARY);
        b.write(d);
    }

    /** The order, as less than zero, zero or more, becomes CF and ZF of the processor's own form. */
    private static void compare(Body b, Insn i, String function) {
        Halves s = Halves.read(b, i, 1);
        Halves.push(b, Halves.register(i, 0).low());
        Halves.push(b, s.low());
        b.mayMiss();
        b.call(CHECKS, function, TWO_HALVES);
        b.code.lstore(Body.A).lload(Body.A).loadConstant(63).lshr();
        b.constant(3L << 62);
        b.code.land().lstore(Body.FLAG_A).lload(Body.A).loadConstant(1L).land();
        b.code.dup2().lstore(Body.FLAG_R).loadConstant(1L).lxor();
        b.up(8);
        b.code.lstore(Body.FLAG_B);
        b.flagsAre(FlagKind.CANONICAL);
    }
}
