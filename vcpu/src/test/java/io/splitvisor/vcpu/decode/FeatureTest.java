// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.decode;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.vcpu.Cpuid;
import java.util.EnumSet;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

class FeatureTest {
    /** FADD, PADDB of MMX, ADDSUBPS, PSHUFB, PTEST, CRC32, POPCNT, AESENC, PCLMULQDQ, SHA1NEXTE. */
    private static final String[] ANNOUNCED = {
        "d8c1",
        "0ffcc1",
        "f20fd0c1",
        "660f3800c1",
        "660f3817c1",
        "f20f38f1c1",
        "f30fb8c1",
        "660f38dcc1",
        "660f3a44c1",
        "0f38c8c1"
    };

    @Test
    void shouldDecodeAllThatIsAnnounced() {
        assertThat(Feature.announced(Cpuid.full())).isEqualTo(EnumSet.allOf(Feature.class));
        assertThat(Feature.announced(Cpuid.baseline())).isEqualTo(EnumSet.complementOf(EnumSet.of(Feature.INVPCID)));
    }

    @Test
    void shouldNotKnowWhatCpuidHides() {
        Decoder all = new Decoder(Feature.announced(Cpuid.baseline()));
        Decoder bare = new Decoder(Feature.announced((eax, ecx) -> Cpuid.Leaf.ZERO));
        for (String hex : ANNOUNCED) {
            byte[] code = HexFormat.of().parseHex(hex + "0000000000000000000000");
            assertThat(all.decode(at -> code[at] & 0xff, 0, Insn.MODE64).row())
                    .as(hex)
                    .isNotNull();
            assertThat(bare.decode(at -> code[at] & 0xff, 0, Insn.MODE64).row())
                    .as(hex)
                    .isNull();
        }
        byte[] add = {0x01, (byte) 0xc0};
        assertThat(bare.decode(at -> add[at] & 0xff, 0, Insn.MODE64).row().mnemonic())
                .isEqualTo("add");
    }
}
