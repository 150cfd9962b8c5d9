// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.translate;

import io.splitvisor.vcpu.decode.Insn;
import io.splitvisor.vcpu.op.Aes;
import io.splitvisor.vcpu.op.Sha;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.util.HashMap;
import java.util.Map;

/** AES, PCLMULQDQ and SHA. */
final class VectorCryptoRules {
    static final Map<String, Rule> RULES = new HashMap<>();

    private static final ClassDesc AES = ClassDesc.of(Aes.class.getName());
    private static final MethodTypeDesc TWO_LONGS =
            MethodTypeDesc.of(ConstantDescs.CD_long, ConstantDescs.CD_long, ConstantDescs.CD_long);

    static {
        HalfFunctions aes = new HalfFunctions(RULES, Aes.class);
        aes.put("aesenc", "D0 D1 S0 encrypt", "D1 D0 S1 encrypt");
        aes.put("aesenclast", "D0 D1 S0 encryptLast", "D1 D0 S1 encryptLast");
        aes.put("aesdec", "D0 D1 S0 decrypt", "D1 D0 S1 decrypt");
        aes.put("aesdeclast", "D0 D1 S0 decryptLast", "D1 D0 S1 decryptLast");
        aes.put("aesimc", "S0 unmix", "S1 unmix");
        aes.put("aeskeygenassist", "S0 N expand", "S1 N expand");
        RULES.put("pclmulqdq", VectorMoveRules.rule(VectorCryptoRules::multiply));
        HalfFunctions sha = new HalfFunctions(RULES, Sha.class);
        sha.put("sha1nexte", "S0", "D1 S1 sha1Next");
        sha.put("sha1msg1", "D0 S1 ^", "D1 D0 ^");
        sha.put("sha1msg2", "D0 D1 S0 S1 sha1Message2Low", "D1 S0 S1 sha1Message2High");
        sha.put("sha1rnds4", "D0 D1 S1 N sha1Low", "D0 D1 S0 S1 N sha1High");
        sha.put("sha256rnds2", "D0 D1 S0 S1 X0 sha256Low", "D0 D1 S0 S1 X0 sha256High");
        sha.put("sha256msg1", "D0 D1 sha256Message1", "D1 S0 sha256Message1");
        sha.put("sha256msg2", "D0 S1 sha256Message2", "D1 D0 S1 sha256Message2 sha256Message2");
    }

    private VectorCryptoRules() {}

    /** One half of each operand, which the immediate chooses. */
    private static void multiply(Body b, Insn i) {
        Halves s = Halves.read(b, i, 1);
        Halves d = Halves.register(i, 0);
        for (String function : new String[] {"product", "productHigh"}) {
            Halves.push(b, d.half((int) i.immediate() & 1));
            Halves.push(b, s.half((int) i.immediate() >> 4 & 1));
            b.call(AES, function, TWO_LONGS);
        }
        d.pop(b);
    }
}
