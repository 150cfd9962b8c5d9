// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.op;

import io.splitvisor.vcpu.cpu.Cpu;
import io.splitvisor.vcpu.cpu.Eflags;
import io.splitvisor.vcpu.cpu.Vector;
import io.splitvisor.vcpu.decode.Insn;
import java.util.Map;
import java.util.function.Consumer;

/** Instructions on flags, and decimal adjustments, which are little else. Undefined flags behave as on real processors. */
final class FlagOps {
    static final Map<String, Lowering> LOWERINGS = Map.ofEntries(
            simple("clc", c -> c.carryOverflow(false, c.of())),
            simple("stc", c -> c.carryOverflow(true, c.of())),
            simple("cmc", c -> c.carryOverflow(!c.cf(), c.of())),
            simple("cld", c -> c.flags &= ~Eflags.DF),
            simple("std", c -> c.flags |= Eflags.DF),
            simple("lahf", FlagOps::lahf),
            simple("sahf", FlagOps::sahf),
            simple("daa", FlagOps::daa),
            simple("das", FlagOps::das),
            simple("aaa", c -> asciiAdjust(c, 6, 1)),
            simple("aas", c -> asciiAdjust(c, -6, -1)),
            simple("salc", c -> c.set(Cpu.RAX, 1, c.cf() ? -1 : 0)),
            Map.entry("aam", FlagOps::aam),
            Map.entry("aad", FlagOps::aad));

    private static final int AH_FLAGS = Eflags.SF | Eflags.ZF | Eflags.AF | Eflags.PF | Eflags.CF;

    private FlagOps() {}

    private static Map.Entry<String, Lowering> simple(String mnemonic, Consumer<Cpu> action) {
        return Map.entry(mnemonic, i -> new Simple(action));
    }

    /** For instructions without operands that are not hot. */
    static final class Simple extends Op {
        private final Consumer<Cpu> action;

        Simple(Consumer<Cpu> action) {
            this.action = action;
        }

        @Override
        public void exec(Cpu c) {
            action.accept(c);
        }
    }

    private static void lahf(Cpu c) {
        c.r[Cpu.RAX] = (c.r[Cpu.RAX] & ~0xff00L) | ((c.eflags() & AH_FLAGS) | Eflags.ONE) << 8;
    }

    private static void sahf(Cpu c) {
        c.arithmetic((c.r[Cpu.RAX] >>> 8 & AH_FLAGS) | (c.eflags() & Eflags.OF));
    }

    private static void daa(Cpu c) {
        int old = (int) c.r[Cpu.RAX] & 0xff;
        boolean adjustLow = (old & 15) > 9 || c.af();
        boolean adjustHigh = old > 0x99 || c.cf();
        int al = old + (adjustLow ? 6 : 0) + (adjustHigh ? 0x60 : 0);
        decimalResult(c, al, adjustLow, adjustHigh);
    }

    private static void das(Cpu c) {
        int old = (int) c.r[Cpu.RAX] & 0xff;
        boolean adjustLow = (old & 15) > 9 || c.af();
        boolean adjustHigh = old > 0x99 || c.cf();
        boolean carry = adjustHigh || (adjustLow && old < 6);
        int al = old - (adjustLow ? 6 : 0) - (adjustHigh ? 0x60 : 0);
        decimalResult(c, al, adjustLow, carry);
    }

    private static void decimalResult(Cpu c, int al, boolean af, boolean cf) {
        c.set(Cpu.RAX, 1, al);
        c.flagsLogic(al, 56);
        c.aux = af ? Eflags.AF : 0;
        c.carryOverflow(cf, false);
    }

    private static void asciiAdjust(Cpu c, int low, int high) {
        long ax = c.r[Cpu.RAX] & 0xffff;
        boolean adjust = (ax & 15) > 9 || c.af();
        if (adjust) {
            ax = ax + low + (high << 8);
        }
        c.set(Cpu.RAX, 2, ax & 0xff0f);
        c.flagsLogic(ax & 15, 56);
        c.aux = adjust ? Eflags.AF : 0;
        c.carryOverflow(adjust, false);
    }

    private static Op aam(Insn i) {
        int base = (int) i.immediate();
        return new Simple(c -> {
            if (base == 0) {
                throw c.fault.exception(Vector.DE);
            }
            int al = (int) c.r[Cpu.RAX] & 0xff;
            c.set(Cpu.RAX, 2, (al / base) << 8 | al % base);
            c.flagsLogic(al % base, 56);
        });
    }

    private static Op aad(Insn i) {
        int base = (int) i.immediate();
        return new Simple(c -> {
            long ax = c.r[Cpu.RAX];
            long al = (ax & 0xff) + (ax >>> 8 & 0xff) * base & 0xff;
            c.set(Cpu.RAX, 2, al);
            c.flagsLogic(al, 56);
        });
    }
}
