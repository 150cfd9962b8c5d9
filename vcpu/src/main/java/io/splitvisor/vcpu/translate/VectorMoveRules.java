// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.translate;

import io.splitvisor.vcpu.decode.Arg;
import io.splitvisor.vcpu.decode.Insn;
import io.splitvisor.vcpu.op.Elements;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.util.HashMap;
import java.util.Map;

/** Moves of XMM registers, of their halves, and of elements from and to general registers. */
final class VectorMoveRules {
    static final Map<String, Rule> RULES = new HashMap<>();

    private static final ClassDesc ELEMENTS = ClassDesc.of(Elements.class.getName());
    private static final MethodTypeDesc LONG_TO_LONG = MethodTypeDesc.of(ConstantDescs.CD_long, ConstantDescs.CD_long);

    static {
        for (String whole : new String[] {
            "movups",
            "movupd",
            "movdqu",
            "lddqu",
            "movaps",
            "movapd",
            "movdqa",
            "movntps",
            "movntpd",
            "movntdq",
            "movntdqa",
            "movq"
        }) {
            RULES.put(whole, rule(VectorMoveRules::move));
        }
        RULES.put("movss", rule(VectorMoveRules::scalar));
        RULES.put("movsd", rule(VectorMoveRules::scalar));
        for (String type : new String[] {"ps", "pd"}) {
            RULES.put("movl" + type, rule((b, i) -> half(b, i, 0)));
            RULES.put("movh" + type, rule((b, i) -> half(b, i, 1)));
        }
        RULES.put("movd", rule(VectorMoveRules::general));
        RULES.put("pmovmskb", rule((b, i) -> signs(b, i, "byteSigns", 8)));
        RULES.put("movmskps", rule((b, i) -> signs(b, i, "doubleSigns", 2)));
        RULES.put("movmskpd", rule((b, i) -> signs(b, i, "quadSigns", 1)));
        for (int log = 0; log < 3; log++) {
            int bits = 8 << log;
            RULES.put("pinsr" + "bwd".charAt(log), rule((b, i) -> insert(b, i, bits)));
            RULES.put("pextr" + "bwd".charAt(log), rule((b, i) -> extract(b, i, bits)));
        }
        RULES.put("extractps", rule((b, i) -> extract(b, i, 32)));
    }

    private VectorMoveRules() {}

    /** An instruction on XMM registers that leaves flags alone. */
    static Rule rule(Rule.Emitter emitter) {
        return new Rule(Halves::areVectors, Rule.After.SAME, emitter);
    }

    /** The whole source; a register's upper half is cleared where the source has none. */
    private static void move(Body b, Insn i) {
        if (Halves.inMemory(i, 0)) {
            Halves.register(i, 1).store(b, i);
            return;
        }
        Halves s = Halves.read(b, i, 1);
        boolean quad = i.row().args().stream().anyMatch(a -> a.size(i) == 8);
        Halves.push(b, s.low());
        Halves.push(b, quad ? Halves.ZERO : s.high());
        Halves.register(i, 0).pop(b);
    }

    /** MOVSS and MOVSD: between registers the rest of the destination stays, from memory it is cleared. */
    private static void scalar(Body b, Insn i) {
        if (Halves.inMemory(i, 0)) {
            Halves.register(i, 1).store(b, i);
            return;
        }
        Halves d = Halves.register(i, 0);
        Halves s = Halves.read(b, i, 1);
        Halves.push(b, s.low());
        if (i.hasMemory()) {
            b.constant(0);
            d.pop(b);
            return;
        }
        if (i.row().mnemonic().equals("movss")) {
            merge(b, d.low(), 0xffff_ffffL);
        }
        b.put(d.low());
    }

    /** Puts bits of the value on the stack in place of a half's. */
    private static void merge(Body b, int half, long mask) {
        b.constant(mask);
        b.code.land();
        Halves.push(b, half);
        b.constant(~mask);
        b.code.land().lor();
    }

    /** Half a register from or to memory. */
    private static void half(Body b, Insn i, int half) {
        if (Halves.inMemory(i, 0)) {
            int from = Halves.register(i, 1).half(half);
            new Halves(from, Halves.ZERO).store(b, i);
        } else {
            Halves.push(b, Halves.read(b, i, 1).low());
            b.put(Halves.register(i, 0).half(half));
        }
    }

    /** MOVD and MOVQ from and to general registers or as much memory. */
    private static void general(Body b, Insn i) {
        if (i.row().args().get(0).kind() != Arg.Kind.RM) {
            b.zeroExtended(Operand.of(i, 1));
            b.constant(0);
            Halves.register(i, 0).pop(b);
        } else if (Operand.of(i, 0) instanceof Operand.Register d) {
            Halves.push(b, Halves.register(i, 1).low());
            b.write(d);
        } else {
            Halves.register(i, 1).store(b, i);
        }
    }

    /** The signs of all elements, of which a half has some, into a whole general register. */
    private static void signs(Body b, Insn i, String function, int elements) {
        Halves s = Halves.register(i, 1);
        Halves.push(b, s.low());
        b.call(ELEMENTS, function, LONG_TO_LONG);
        Halves.push(b, s.high());
        b.call(ELEMENTS, function, LONG_TO_LONG);
        b.up(elements);
        b.code.lor();
        b.put(i.reg());
    }

    /** Bits of an element: with REX.W, those of PINSRD and PEXTRD have 64. */
    private static int width(Operand general, int bits) {
        return bits == 32 ? 8 * general.size() : bits;
    }

    private static void insert(Body b, Insn i, int bits) {
        Operand s = Operand.of(i, 1);
        int width = width(s, bits);
        int at = (int) i.immediate() * width & 127;
        int d = Halves.register(i, 0).half(at >> 6);
        b.raw(s);
        b.up(at & 63);
        merge(b, d, -1L >>> (64 - width) << (at & 63));
        b.put(d);
    }

    private static void extract(Body b, Insn i, int bits) {
        Operand d = Operand.of(i, 0);
        int width = width(d, bits);
        int at = (int) i.immediate() * width & 127;
        if (d instanceof Operand.Memory) {
            b.address(i);
        }
        Halves.push(b, Halves.register(i, 1).half(at >> 6));
        b.code.loadConstant(at & 63).lushr();
        b.zeroExtend(width / 8);
        if (d instanceof Operand.Register r) {
            b.write(r);
        } else {
            b.storeAt(d.size());
        }
    }
}
