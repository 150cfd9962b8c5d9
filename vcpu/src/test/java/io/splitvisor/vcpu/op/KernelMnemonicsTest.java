// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.op;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.vcpu.Cpuid;
import io.splitvisor.vcpu.decode.Decoder;
import io.splitvisor.vcpu.decode.Feature;
import io.splitvisor.vcpu.decode.Insn;
import io.splitvisor.vcpu.disasm.Disassembler;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Nothing that a Linux kernel executes on its way to init may be missing. */
class KernelMnemonicsTest {
    private static final int MNEMONICS = 176;

    @Test
    void shouldDecodeImplementAndNameWhatAKernelExecutes() throws IOException {
        Decoder decoder = new Decoder(Feature.announced(Cpuid.baseline()));
        Disassembler disassembler = new Disassembler();
        List<String[]> lines = lines();
        assertThat(lines).hasSize(MNEMONICS);
        for (String[] line : lines) {
            byte[] code = HexFormat.of().parseHex(line[2]);
            int bits = Integer.parseInt(line[1]);
            Insn i = decoder.decode(
                    at -> at < code.length ? code[at] & 0xff : 0, 0, bits == 64 ? Insn.MODE64 : Insn.MODE32);
            assertThat(i.length()).as(line[0]).isEqualTo(code.length);
            assertThat(Lowerings.lower(i)).as(line[0]).isNotInstanceOf(Undefined.class);
            assertThat(disassembler.at(code, 0, bits).text().replaceAll(" +", " "))
                    .isEqualTo(line[3]);
        }
    }

    private static List<String[]> lines() throws IOException {
        try (InputStream in = KernelMnemonicsTest.class.getResourceAsStream("kernel-mnemonics.tsv")) {
            return new String(in.readAllBytes(), StandardCharsets.US_ASCII)
                    .lines()
                    .filter(l -> !l.startsWith("#"))
                    .map(l -> l.split("\t", -1))
                    .toList();
        }
    }
}
