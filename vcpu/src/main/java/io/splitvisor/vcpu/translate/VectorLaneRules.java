// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.translate;

import io.splitvisor.vcpu.decode.Arg;
import io.splitvisor.vcpu.decode.Insn;
import io.splitvisor.vcpu.op.LaneShifts;
import io.splitvisor.vcpu.op.Lanes;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.HashMap;
import java.util.Map;

/** Integer arithmetic and logic of XMM registers that works on each half by itself. */
final class VectorLaneRules {
    static final Map<String, Rule> RULES = new HashMap<>();

    private static final ClassDesc LANES = ClassDesc.of(Lanes.class.getName());
    private static final ClassDesc SHIFTS = ClassDesc.of(LaneShifts.class.getName());
    private static final MethodTypeDesc TWO_LONGS =
            MethodTypeDesc.of(ConstantDescs.CD_long, ConstantDescs.CD_long, ConstantDescs.CD_long);

    static {
        for (Method method : Lanes.class.getDeclaredMethods()) {
            if (Modifier.isPublic(method.getModifiers())) {
                String name = method.getName();
                halves(name, b -> b.call(LANES, name, TWO_LONGS));
            }
        }
        for (Method method : LaneShifts.class.getDeclaredMethods()) {
            if (Modifier.isPublic(method.getModifiers())) {
                RULES.put(method.getName(), VectorMoveRules.rule(VectorLaneRules::shift));
            }
        }
        for (String logic : new String[] {"p%s", "%sps", "%spd"}) {
            halves(logic.formatted("and"), b -> b.code.land());
            halves(logic.formatted("or"), b -> b.code.lor());
            halves(logic.formatted("xor"), b -> b.code.lxor());
            halves(logic.formatted("andn"), VectorLaneRules::andNot);
        }
    }

    private VectorLaneRules() {}

    /** An operation on two longs on the stack: a half of the destination, and the same half of the source. */
    private interface Step {
        void emit(Body b);
    }

    private static void halves(String mnemonic, Step step) {
        RULES.put(mnemonic, VectorMoveRules.rule((b, i) -> {
            Halves s = Halves.read(b, i, 1);
            Halves d = Halves.register(i, 0);
            for (int n = 0; n < 2; n++) {
                Halves.push(b, d.half(n));
                Halves.push(b, s.half(n));
                step.emit(b);
            }
            d.pop(b);
        }));
    }

    /** {@code ~d & s} is {@code (d & s) ^ s}. */
    static void andNot(Body b) {
        b.code.dup2_x2().land().lxor();
    }

    /** By a count that all elements share: an immediate, or the low half of an operand. */
    private static void shift(Body b, Insn i) {
        boolean byImmediate = i.row().args().get(1).kind() == Arg.Kind.IMM;
        Halves count = byImmediate ? null : Halves.read(b, i, 1);
        Halves d = Halves.register(i, 0);
        for (int n = 0; n < 2; n++) {
            Halves.push(b, d.half(n));
            if (count == null) {
                b.constant(i.immediate());
            } else {
                Halves.push(b, count.low());
            }
            b.call(SHIFTS, i.row().mnemonic(), TWO_LONGS);
        }
        d.pop(b);
    }
}
