// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.translate;

import io.splitvisor.vcpu.decode.Arg;
import io.splitvisor.vcpu.decode.Insn;
import java.lang.classfile.Label;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.util.Map;

/** Single bits, scans, counts, and the carry flag by itself. */
final class BitRules {
    private static final int TEST = 0;
    private static final int SET = 1;
    private static final int RESET = 2;
    private static final int COMPLEMENT = 3;

    private static final MethodTypeDesc COUNT = MethodTypeDesc.of(ConstantDescs.CD_int, ConstantDescs.CD_long);

    static final Map<String, Rule> RULES = Map.of(
            "bt", bit(TEST),
            "bts", bit(SET),
            "btr", bit(RESET),
            "btc", bit(COMPLEMENT),
            "bsf", Rule.plain(Rule.After.CANONICAL, (b, i) -> scan(b, i, true)),
            "bsr", Rule.plain(Rule.After.CANONICAL, (b, i) -> scan(b, i, false)),
            "popcnt", Rule.plain(Rule.After.CANONICAL, BitRules::popcnt),
            "clc", new Rule(i -> true, Rule.After.CANONICAL, (b, i) -> carry(b, () -> b.constant(0))),
            "stc", new Rule(i -> true, Rule.After.CANONICAL, (b, i) -> carry(b, () -> b.constant(1))),
            "cmc", new Rule(i -> true, Rule.After.CANONICAL, (b, i) -> carry(b, () -> complement(b))));

    private BitRules() {}

    /** A bit string in memory that a register addresses is left to the interpreter. */
    private static Rule bit(int action) {
        return Rule.plain(Rule.After.CANONICAL, (b, i) -> bit(b, i, action))
                .when(i -> !i.hasMemory() || i.row().args().get(1).kind() != Arg.Kind.REG);
    }

    private static void bit(Body b, Insn i, int action) {
        Operand d = Operand.of(i, 0);
        if (action == TEST) {
            b.raw(d);
        } else {
            ArithmeticRules.startChange(b, d);
        }
        b.code.lstore(Body.A);
        b.canonical();
        b.raw(Operand.of(i, 1));
        b.code.l2i().loadConstant(8 * d.size() - 1).iand().istore(Body.C);
        b.code.lload(Body.A).iload(Body.C).lushr().lload(Body.FLAG_A);
        b.flags("carryBit", 2, Body.NO_SHIFT);
        b.code.lstore(Body.FLAG_A);
        b.flagsAre(FlagKind.CANONICAL);
        if (action != TEST) {
            b.code.lload(Body.A).loadConstant(1L).iload(Body.C).lshl();
            switch (action) {
                case SET -> b.code.lor();
                case RESET -> b.code.loadConstant(-1L).lxor().land();
                default -> b.code.lxor();
            }
            b.code.lstore(Body.A);
            ArithmeticRules.finishChange(b, d, Body.A);
        }
    }

    /** A source of zero leaves the destination, and only ZF is defined: the others stay, as in the interpreter. */
    private static void scan(Body b, Insn i, boolean forward) {
        Operand.Register d = (Operand.Register) Operand.of(i, 0);
        b.zeroExtended(Operand.of(i, 1));
        b.code.lstore(Body.A);
        b.canonical();
        b.code.lload(Body.A).lload(Body.A).lneg().lor().loadConstant(63).lushr().lstore(Body.B);
        b.code.lload(Body.FLAG_R).lload(Body.FLAG_B).lload(Body.B);
        b.flags("auxScan", 3, Body.NO_SHIFT);
        b.code.lstore(Body.FLAG_B).lload(Body.B).lstore(Body.FLAG_R);
        b.flagsAre(FlagKind.CANONICAL);
        Label zero = b.code.newLabel();
        b.code.lload(Body.A);
        b.constant(0);
        b.code.lcmp().ifeq(zero);
        if (forward) {
            b.code.lload(Body.A);
            b.call(ConstantDescs.CD_Long, "numberOfTrailingZeros", COUNT);
        } else {
            b.code.loadConstant(63).lload(Body.A);
            b.call(ConstantDescs.CD_Long, "numberOfLeadingZeros", COUNT);
            b.code.isub();
        }
        b.code.i2l();
        b.write(d);
        b.code.labelBinding(zero);
    }

    private static void popcnt(Body b, Insn i) {
        b.zeroExtended(Operand.of(i, 1));
        b.call(ConstantDescs.CD_Long, "bitCount", COUNT);
        b.code.i2l().dup2().dup2().lstore(Body.FLAG_R);
        b.flags("auxCount", 1, Body.NO_SHIFT);
        b.code.lstore(Body.FLAG_B);
        b.write((Operand.Register) Operand.of(i, 0));
        b.constant(0);
        b.code.lstore(Body.FLAG_A);
        b.flagsAre(FlagKind.CANONICAL);
    }

    private static void carry(Body b, Runnable bit) {
        b.canonical();
        bit.run();
        b.code.lload(Body.FLAG_A);
        b.flags("carryBit", 2, Body.NO_SHIFT);
        b.code.lstore(Body.FLAG_A);
        b.flagsAre(FlagKind.CANONICAL);
    }

    private static void complement(Body b) {
        b.carryBit();
        b.constant(1);
        b.code.lxor();
    }
}
