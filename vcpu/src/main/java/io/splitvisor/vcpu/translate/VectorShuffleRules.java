// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.translate;

import io.splitvisor.vcpu.op.Elements;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/** Instructions that move elements across XMM registers. */
final class VectorShuffleRules {
    static final Map<String, Rule> RULES = new HashMap<>();

    private static final ClassDesc ELEMENTS = ClassDesc.of(Elements.class.getName());
    private static final MethodTypeDesc EXTENSION =
            MethodTypeDesc.of(ConstantDescs.CD_long, ConstantDescs.CD_long, ConstantDescs.CD_int, ConstantDescs.CD_int);
    private static final long LOW = 0xffff_ffffL;

    /** Doublewords of the destination are numbers from 0, those of the source from here on. */
    private static final int SOURCE = 4;

    static {
        for (String name : new String[] {"punpckldq", "unpcklps"}) {
            permutation(name, n -> new int[] {0, 4, 1, 5});
        }
        for (String name : new String[] {"punpckhdq", "unpckhps"}) {
            permutation(name, n -> new int[] {2, 6, 3, 7});
        }
        for (String name : new String[] {"punpcklqdq", "unpcklpd", "movlhps"}) {
            permutation(name, n -> new int[] {0, 1, 4, 5});
        }
        for (String name : new String[] {"punpckhqdq", "unpckhpd"}) {
            permutation(name, n -> new int[] {2, 3, 6, 7});
        }
        permutation("movhlps", n -> new int[] {6, 7, 2, 3});
        permutation("movsldup", n -> new int[] {4, 4, 6, 6});
        permutation("movshdup", n -> new int[] {5, 5, 7, 7});
        permutation("movddup", n -> new int[] {4, 5, 4, 5});
        permutation("pshufd", n -> new int[] {source(n), source(n >> 2), source(n >> 4), source(n >> 6)});
        permutation("shufps", n -> new int[] {n & 3, n >> 2 & 3, source(n >> 4), source(n >> 6)});
        permutation("shufpd", n -> {
            int first = 2 * (n & 1);
            int second = SOURCE + (n & 2);
            return new int[] {first, first + 1, second, second + 1};
        });
        permutation("blendps", n -> new int[] {blend(n, 0), blend(n, 1), blend(n, 2), blend(n, 3)});
        permutation("blendpd", n -> {
            int first = blend(n, 0);
            int second = blend(n >> 1, 0);
            return new int[] {first, first + 1, second + 2, second + 3};
        });
        RULES.put("palignr", VectorMoveRules.rule((b, i) -> {
            Halves s = Halves.read(b, i, 1);
            Halves d = Halves.register(i, 0);
            bytes(b, d, (int) i.immediate(), s.low(), s.high(), d.low(), d.high());
        }));
        RULES.put("psrldq", VectorMoveRules.rule((b, i) -> {
            Halves d = Halves.register(i, 0);
            bytes(b, d, (int) i.immediate(), d.low(), d.high());
        }));
        RULES.put("pslldq", VectorMoveRules.rule((b, i) -> {
            Halves d = Halves.register(i, 0);
            int by = (int) Math.min(i.immediate(), 16);
            bytes(b, d, 16 - by, Halves.ZERO, Halves.ZERO, d.low(), d.high());
        }));
        HalfFunctions elements = new HalfFunctions(RULES, Elements.class);
        for (String pack : new String[] {"packsswb", "packuswb", "packssdw", "packusdw"}) {
            elements.put(pack, "D0 D1 " + pack, "S0 S1 " + pack);
        }
        elements.put("punpcklbw", "D0 S0 interleaveBytes", "D0 S0 interleaveHighBytes");
        elements.put("punpckhbw", "D1 S1 interleaveBytes", "D1 S1 interleaveHighBytes");
        elements.put("punpcklwd", "D0 S0 interleaveWords", "D0 S0 interleaveHighWords");
        elements.put("punpckhwd", "D1 S1 interleaveWords", "D1 S1 interleaveHighWords");
        elements.put("pshufb", "D0 D1 S0 bytes", "D0 D1 S1 bytes");
        elements.put("pshuflw", "S0 N words", "S1");
        elements.put("pshufhw", "S0", "S1 N words");
        String letters = "bwdq";
        for (int from = 0; from < 4; from++) {
            for (int to = from + 1; to < 4; to++) {
                String sizes = letters.substring(from, from + 1) + letters.charAt(to);
                extension("pmovzx" + sizes, "zeroExtend", 8 << from, 8 << to);
                extension("pmovsx" + sizes, "signExtend", 8 << from, 8 << to);
            }
        }
        for (String blend : new String[] {"pblendvb", "blendvps", "blendvpd"}) {
            elements.put(blend, "D0 S0 X0 " + blend, "D1 S1 X1 " + blend);
        }
    }

    private VectorShuffleRules() {}

    /** Where the doublewords of a result come from, for an immediate, or zero where there is none. */
    private interface Permutation {
        int[] of(int immediate);
    }

    private static int source(int selection) {
        return SOURCE + (selection & 3);
    }

    private static int blend(int selection, int n) {
        return (selection >> n & 1) != 0 ? SOURCE + n : n;
    }

    private static void permutation(String mnemonic, Permutation permutation) {
        RULES.put(mnemonic, VectorMoveRules.rule((b, i) -> {
            Halves s = Halves.read(b, i, 1);
            Halves d = Halves.register(i, 0);
            int[] from = permutation.of((int) i.immediate());
            pair(b, d, s, from[0], from[1]);
            pair(b, d, s, from[2], from[3]);
            d.pop(b);
        }));
    }

    /** Pushes a half made of two doublewords. */
    private static void pair(Body b, Halves d, Halves s, int first, int second) {
        int low = (first < SOURCE ? d : s).half(first >> 1 & 1);
        int high = (second < SOURCE ? d : s).half(second >> 1 & 1);
        boolean lowIsUpper = (first & 1) != 0;
        boolean highIsUpper = (second & 1) != 0;
        Halves.push(b, low);
        if (low == high && !lowIsUpper && highIsUpper) {
            return;
        }
        if (lowIsUpper) {
            b.code.loadConstant(32).lushr();
        } else {
            b.constant(LOW);
            b.code.land();
        }
        Halves.push(b, high);
        if (highIsUpper) {
            b.constant(~LOW);
            b.code.land();
        } else {
            b.up(32);
        }
        b.code.lor();
    }

    /** The low elements become wider. */
    private static void extension(String mnemonic, String function, int from, int to) {
        RULES.put(mnemonic, VectorMoveRules.rule((b, i) -> {
            Halves s = Halves.read(b, i, 1);
            for (int n = 0; n < 2; n++) {
                Halves.push(b, s.low());
                b.code.loadConstant(n * 64 / to * from).lushr();
                b.code.loadConstant(from).loadConstant(to);
                b.call(ELEMENTS, function, EXTENSION);
            }
            Halves.register(i, 0).pop(b);
        }));
    }

    /** Sixteen bytes from a place on in a row of halves, behind which zeros follow. */
    private static void bytes(Body b, Halves d, int from, int... row) {
        int[] endless = Arrays.copyOf(row, row.length + 2);
        Arrays.fill(endless, row.length, endless.length, Halves.ZERO);
        for (int n = 0; n < 2; n++) {
            int at = Math.min(from / 8 + n, row.length);
            Halves.push(b, endless[at]);
            int bits = from % 8 * 8;
            if (bits != 0) {
                b.code.loadConstant(bits).lushr();
                Halves.push(b, endless[at + 1]);
                b.up(64 - bits);
                b.code.lor();
            }
        }
        d.pop(b);
    }
}
