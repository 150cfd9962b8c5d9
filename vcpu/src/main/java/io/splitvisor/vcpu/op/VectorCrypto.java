// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.op;

import io.splitvisor.vcpu.cpu.Cpu;
import java.util.HashMap;
import java.util.Map;

/** AES, PCLMULQDQ and SHA. */
final class VectorCrypto {
    static final Map<String, Lowering> LOWERINGS = new HashMap<>();

    static {
        round("aesenc", Aes::encrypt);
        round("aesenclast", Aes::encryptLast);
        round("aesdec", Aes::decrypt);
        round("aesdeclast", Aes::decryptLast);
        whole("aesimc", n -> (c, d0, d1) -> set(c, Aes.unmix(c.low), Aes.unmix(c.high)));
        whole("aeskeygenassist", n -> (c, d0, d1) -> set(c, Aes.expand(c.low, n), Aes.expand(c.high, n)));
        whole("pclmulqdq", n -> (c, d0, d1) -> {
            long a = (n & 1) == 0 ? d0 : d1;
            long b = (n & 16) == 0 ? c.low : c.high;
            set(c, Aes.product(a, b), Aes.productHigh(a, b));
        });
        whole("sha1nexte", n -> (c, d0, d1) -> c.high = Sha.sha1Next(d1, c.high));
        whole("sha1msg1", n -> (c, d0, d1) -> set(c, d0 ^ c.high, d1 ^ d0));
        whole(
                "sha1msg2",
                n -> (c, d0, d1) ->
                        set(c, Sha.sha1Message2Low(d0, d1, c.low, c.high), Sha.sha1Message2High(d1, c.low, c.high)));
        whole(
                "sha1rnds4",
                n -> (c, d0, d1) -> set(c, Sha.sha1Low(d0, d1, c.high, n), Sha.sha1High(d0, d1, c.low, c.high, n)));
        whole(
                "sha256rnds2",
                n -> (c, d0, d1) -> set(
                        c,
                        Sha.sha256Low(d0, d1, c.low, c.high, c.xmm[0]),
                        Sha.sha256High(d0, d1, c.low, c.high, c.xmm[0])));
        whole("sha256msg1", n -> (c, d0, d1) -> set(c, Sha.sha256Message1(d0, d1), Sha.sha256Message1(d1, c.low)));
        whole("sha256msg2", n -> (c, d0, d1) -> {
            long low = Sha.sha256Message2(d0, c.high);
            set(c, low, Sha.sha256Message2(d1, low));
        });
    }

    private VectorCrypto() {}

    /** A round of AES on one half of the state. */
    @FunctionalInterface
    private interface Round {
        long apply(long here, long other, long key);
    }

    private static void round(String mnemonic, Round f) {
        whole(mnemonic, n -> (c, d0, d1) -> set(c, f.apply(d0, d1, c.low), f.apply(d1, d0, c.high)));
    }

    private static void whole(String mnemonic, VectorOp.ByImmediate f) {
        LOWERINGS.put(mnemonic, i -> new VectorOp.Wholes(i, f.with((int) i.immediate())));
    }

    private static void set(Cpu c, long low, long high) {
        c.low = low;
        c.high = high;
    }
}
