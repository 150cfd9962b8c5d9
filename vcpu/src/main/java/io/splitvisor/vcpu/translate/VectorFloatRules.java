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
    private static final MethodTypeDesc BINARY = MethodTypeDesc.of(
            ConstantDescs.CD_long, ConstantDescs.CD_long, ConstantDescs.CD_long, ConstantDescs.CD_int);
    private static final MethodTypeDesc UNARY =
            MethodTypeDesc.of(ConstantDescs.CD_long, ConstantDescs.CD_long, ConstantDescs.CD_int);

    static {
        for (String name : new String[] {"add", "sub", "mul", "div", "sqrt", "min", "max"}) {
            scalar(name + "sd");
            scalar(name + "ss");
            packed(name + "ps", name + "ps");
            packed(name + "pd", name + "sd");
        }
        scalar("cvtss2sd");
        scalar("cvtsd2ss");
        for (String type : new String[] {"ss", "sd"}) {
            rule("cvtsi2" + type, VectorFloatRules::fromGeneral);
            rule("cvt" + type + "2si", VectorFloatRules::toGeneral);
            rule("cvtt" + type + "2si", VectorFloatRules::toGeneral);
            rule("round" + type, VectorFloatRules::round);
            rule("cmp" + type, (b, i) -> mask(b, i, 1, "cmp" + type));
        }
        rule("cmpps", (b, i) -> mask(b, i, 2, "cmpps"));
        rule("cmppd", (b, i) -> mask(b, i, 2, "cmpsd"));
        rule("cvtdq2ps", VectorFloatRules::convert);
        rule("cvttps2dq", VectorFloatRules::convert);
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

    /** Each half by itself. */
    private static void convert(Body b, Insn i) {
        Halves s = Halves.read(b, i, 1);
        for (int n = 0; n < 2; n++) {
            Halves.push(b, s.half(n));
            call(b, i.row().mnemonic(), UNARY);
        }
        Halves.register(i, 0).pop(b);
    }

    private static void round(Body b, Insn i) {
        Halves s = Halves.read(b, i, 1);
        Halves d = Halves.register(i, 0);
        Halves.push(b, d.low());
        Halves.push(b, s.low());
        b.code.loadConstant((int) i.immediate());
        call(b, i.row().mnemonic(), BINARY.insertParameterTypes(3, ConstantDescs.CD_int));
        b.put(d.low());
    }

    /** What a comparison says, into one half or both. */
    private static void mask(Body b, Insn i, int halves, String function) {
        Halves s = Halves.read(b, i, 1);
        Halves d = Halves.register(i, 0);
        for (int n = 0; n < halves; n++) {
            Halves.push(b, d.half(n));
            Halves.push(b, s.half(n));
            b.code.loadConstant((int) i.immediate());
            b.mayMiss();
            b.call(CHECKS, function, BINARY);
        }
        if (halves > 1) {
            b.put(d.high());
        }
        b.put(d.low());
    }
}
