// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.op;

import io.splitvisor.vcpu.cpu.Cpu;
import io.splitvisor.vcpu.cpu.Fpu;
import io.splitvisor.vcpu.decode.Insn;
import io.splitvisor.vcpu.fp.Format;
import io.splitvisor.vcpu.fp.Unpacked;

/** Where an x87 instruction takes a number from. */
@FunctionalInterface
interface X87Source {
    /** Takes it apart; false if its register is empty. */
    boolean load(Cpu c, Fpu f, Unpacked to);

    /** The operand of an instruction that is not ST(0): a register, or memory as the mnemonic and the size say. */
    static X87Source of(Insn i) {
        if (!i.hasMemory()) {
            int n = i.rm() & 7;
            return (c, f, to) -> {
                f.load(n, to);
                return !f.isEmpty(n);
            };
        }
        Ea ea = Ea.of(i);
        int size = i.row().args().get(0).size(i);
        if (i.row().mnemonic().startsWith("fi")) {
            int up = 64 - 8 * size;
            return (c, f, to) -> {
                to.integer(c.mmu.load(ea.linear(c, size, false), size) << up >> up);
                return true;
            };
        }
        return switch (size) {
            case 4 -> floating(ea, Format.FLOAT);
            case 8 -> floating(ea, Format.DOUBLE);
            default ->
                (c, f, to) -> {
                    long at = ea.linear(c, 10, false);
                    long significand = c.mmu.load64(at);
                    to.extended((int) c.mmu.load16(at + 8), significand);
                    return true;
                };
        };
    }

    private static X87Source floating(Ea ea, Format format) {
        int size = format.bytes();
        return (c, f, to) -> {
            format.unpack(c.mmu.load(ea.linear(c, size, false), size), to);
            return true;
        };
    }
}
