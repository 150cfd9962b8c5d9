// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.disasm;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.vcpu.decode.Decoder;
import io.splitvisor.vcpu.decode.Insn;
import io.splitvisor.vcpu.decode.OpcodeTable;
import io.splitvisor.vcpu.decode.Row;
import io.splitvisor.vcpu.oracle.Encoder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Random encodings of every row, named by us and by objdump, in one run of it. Property {@code disasm.seed}. */
class DisassemblerPropertyTest {
    private static final long SEED = Long.getLong("disasm.seed", 20261122);
    private static final int PER_ROW = Integer.getInteger("disasm.cases", 40);
    private static final int STEP = 32;
    private static final byte NOP = (byte) 0x90;

    @Test
    void shouldAgreeWithObjdumpInLongMode() throws Exception {
        SplittableRandom random = new SplittableRandom(SEED);
        Encoder encoder = new Encoder(random);
        List<byte[]> codes = new ArrayList<>();
        for (Row row : OpcodeTable.instance().rows()) {
            for (int n = 0; n < PER_ROW && !row.has(Row.NOT64); n++) {
                byte[] code = encoder.encode(row, 0, random.nextInt(100_000), new long[17]);
                if (code != null && code.length <= Decoder.MAX_LENGTH) {
                    codes.add(code);
                }
            }
        }
        assertThat(differences(codes, 64)).as("seed %d", SEED).isEmpty();
    }

    @Test
    void shouldAgreeWithObjdumpInOtherModes() throws Exception {
        SplittableRandom random = new SplittableRandom(SEED);
        List<String> wrong = new ArrayList<>();
        for (int bits : new int[] {32, 16}) {
            List<byte[]> codes = new ArrayList<>();
            Decoder decoder = new Decoder();
            for (int n = 0; n < 300 * PER_ROW; n++) {
                byte[] code = new byte[15];
                random.nextBytes(code);
                Insn i = decoder.decode(at -> code[at] & 0xff, 0, bits == 32 ? Insn.MODE32 : Insn.MODE16);
                if (i.row() != null && i.length() <= 15 && !isPrefix(code[0])) {
                    codes.add(Arrays.copyOf(code, i.length()));
                }
            }
            wrong.addAll(differences(codes, bits));
        }
        assertThat(wrong).as("seed %d", SEED).isEmpty();
    }

    private static boolean isPrefix(byte b) {
        return switch (b & 0xff) {
            case 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0xf0, 0xf2, 0xf3, 0x66, 0x67, 0x9b -> true;
            default -> false;
        };
    }

    private static List<String> differences(List<byte[]> codes, int bits) throws Exception {
        byte[] image = new byte[codes.size() * STEP];
        Arrays.fill(image, NOP);
        for (int n = 0; n < codes.size(); n++) {
            System.arraycopy(codes.get(n), 0, image, n * STEP, codes.get(n).length);
        }
        List<String> theirs = Objdump.texts(image, STEP, bits);
        Disassembler disassembler = new Disassembler();
        List<String> wrong = new ArrayList<>();
        int same = 0;
        for (int n = 0; n < codes.size(); n++) {
            byte[] window = Arrays.copyOfRange(image, n * STEP, n * STEP + 15);
            Line line = disassembler.at(window, (long) n * STEP, bits);
            String ours = line.text().replaceAll(" +", " ");
            String their = theirs.get(n).replaceAll(" +", " ");
            assertThat(line.length()).as(ours).isEqualTo(codes.get(n).length);
            if (their.equals(ours)) {
                same++;
            } else if (!KnownDifferences.contains(their, ours)) {
                wrong.add(HexFormat.of().formatHex(codes.get(n)) + ": " + ours + " | " + their);
            }
        }
        System.out.println("objdump: " + same + " of " + codes.size() + " agree, " + bits + " bits, seed " + SEED);
        return wrong;
    }
}
