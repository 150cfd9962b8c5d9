// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.op;

import io.splitvisor.vcpu.cpu.Cpu;
import io.splitvisor.vcpu.decode.Insn;

/** Packed decimal integers: 18 digits in nine bytes, and a byte with the sign. SDM volume 1, 4.7. */
final class X87Decimal {
    private static final int DIGITS = 18;
    private static final int SIGN_AT = 8;

    private X87Decimal() {}

    /** FBLD's operand. */
    static X87Source source(Insn i) {
        Ea ea = Ea.of(i);
        return (c, f, to) -> {
            long at = ea.linear(c, 10, false);
            long digits = c.mmu.load64(at);
            long top = c.mmu.load16(at + SIGN_AT);
            long value = 0;
            for (int n = DIGITS - 1; n >= 0; n--) {
                value = value * 10 + ((n >= 16 ? top >>> (4 * (n - 16)) : digits >>> (4 * n)) & 15);
            }
            to.integer(value);
            to.negative = (top & 0x8000) != 0;
            return true;
        };
    }

    /** Stores a number of at most 18 digits; -1 stands for the indefinite one. */
    static void store(Cpu c, long at, boolean negative, long magnitude) {
        c.mmu.probeStore(at, 10);
        if (magnitude < 0) {
            c.mmu.store64(at, 0xc000_0000_0000_0000L);
            c.mmu.store16(at + SIGN_AT, 0xffff);
            return;
        }
        long digits = 0;
        long rest = magnitude;
        for (int n = 0; n < 16; n++) {
            digits |= rest % 10 << (4 * n);
            rest /= 10;
        }
        c.mmu.store64(at, digits);
        c.mmu.store16(at + SIGN_AT, (negative ? 0x8000 : 0) | rest / 10 << 4 | rest % 10);
    }
}
