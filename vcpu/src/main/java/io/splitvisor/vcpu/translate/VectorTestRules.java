// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.translate;

import io.splitvisor.vcpu.decode.Insn;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.util.Map;

/** Instructions on XMM registers that answer in flags. */
final class VectorTestRules {
    static final Map<String, Rule> RULES = Map.of(
            "comiss", compare("comparess"),
            "ucomiss", compare("comparess"),
            "comisd", compare("comparesd"),
            "ucomisd", compare("comparesd"),
            "ptest", new Rule(Halves::areVectors, Rule.After.CANONICAL, VectorTestRules::test));

    private static final ClassDesc CHECKS = ClassDesc.of(FloatChecks.class.getName());
    private static final MethodTypeDesc TWO_HALVES =
            MethodTypeDesc.of(ConstantDescs.CD_long, ConstantDescs.CD_long, ConstantDescs.CD_long);

    private VectorTestRules() {}

    private static Rule compare(String function) {
        return new Rule(Halves::areVectors, Rule.After.CANONICAL, (b, i) -> compare(b, i, function)).leaving();
    }

    /** The order, as less than zero, zero or more, becomes CF and ZF of the processor's own form. */
    private static void compare(Body b, Insn i, String function) {
        Halves s = Halves.read(b, i, 1);
        Halves.push(b, Halves.register(i, 0).low());
        Halves.push(b, s.low());
        b.mayMiss();
        b.call(CHECKS, function, TWO_HALVES);
        b.code.dup2().loadConstant(63).lshr().lstore(Body.FLAG_A);
        b.code.loadConstant(1L).land().lstore(Body.FLAG_R);
        zeroAndCarry(b);
    }

    /** PTEST: whether nothing of the source is in the destination, and whether all is. */
    private static void test(Body b, Insn i) {
        Halves s = Halves.read(b, i, 1);
        Halves d = Halves.register(i, 0);
        Halves.push(b, d.low());
        Halves.push(b, s.low());
        b.code.land();
        Halves.push(b, d.high());
        Halves.push(b, s.high());
        b.code.land().lor();
        b.flags("something", 1, Body.NO_SHIFT);
        b.code.lstore(Body.FLAG_R);
        Halves.push(b, d.low());
        Halves.push(b, s.low());
        VectorLaneRules.andNot(b);
        Halves.push(b, d.high());
        Halves.push(b, s.high());
        VectorLaneRules.andNot(b);
        b.code.lor();
        b.flags("something", 1, Body.NO_SHIFT);
        b.code.loadConstant(1L).lsub().lstore(Body.FLAG_A);
        zeroAndCarry(b);
    }

    /** Makes flags of 0 or 1 in {@link Body#FLAG_R}, which is 0 for ZF, and all bits or none in {@link Body#FLAG_A} for CF. */
    private static void zeroAndCarry(Body b) {
        b.code.lload(Body.FLAG_A);
        b.constant(3L << 62);
        b.code.land().lstore(Body.FLAG_A).lload(Body.FLAG_R).loadConstant(1L).lxor();
        b.up(8);
        b.code.lstore(Body.FLAG_B);
        b.flagsAre(FlagKind.CANONICAL);
    }
}
