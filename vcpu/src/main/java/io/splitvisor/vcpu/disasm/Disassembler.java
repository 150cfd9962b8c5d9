// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.disasm;

import io.splitvisor.vcpu.decode.Decoder;
import io.splitvisor.vcpu.decode.Insn;

/** Names instructions in Intel's syntax, as objdump prints it. Not thread-safe. */
public final class Disassembler {
    private static final Line BAD = new Line(1, "(bad)");

    private final Decoder decoder = new Decoder();

    /**
     * The instruction at the start of some bytes.
     *
     * @param code at least one byte, and 15 where memory has them; what is cut off is bad
     * @param address of its first byte, for branch targets
     * @param bits the code size: 16, 32 or 64
     */
    public Line at(byte[] code, long address, int bits) {
        int mode =
                switch (bits) {
                    case 16 -> Insn.MODE16;
                    case 32 -> Insn.MODE32;
                    case 64 -> Insn.MODE64;
                    default -> throw new IllegalArgumentException("code of " + bits + " bits");
                };
        Insn i = decoder.decode(n -> n < code.length ? code[n] & 0xff : 0, 0, mode);
        if (i.row() == null || i.length() > Math.min(Decoder.MAX_LENGTH, code.length)) {
            return BAD;
        }
        return new Line(i.length(), new IntelText(i, address, new Prefixes(code, bits)).text());
    }
}
