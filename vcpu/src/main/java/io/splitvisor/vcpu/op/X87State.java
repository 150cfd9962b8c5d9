// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.op;

import io.splitvisor.vcpu.cpu.Cpu;
import io.splitvisor.vcpu.cpu.Fpu;
import io.splitvisor.vcpu.decode.Insn;
import io.splitvisor.vcpu.fp.Mxcsr;
import java.util.Map;

/**
 * The x87's environment and registers in memory, in the forms for 16- and 32-bit code. Selectors of the pointers are
 * stored as zero, as CPUID announces. SDM volume 1, 8.1.10.
 */
final class X87State {
    static final Map<String, Lowering> LOWERINGS = Map.of(
            "fldenv", i -> new Environment(i, false, false),
            "fnstenv", i -> new Environment(i, true, false),
            "frstor", i -> new Environment(i, false, true),
            "fnsave", i -> new Environment(i, true, true));

    private static final int WORDS = 7;
    private static final int REGISTERS = 8;
    private static final int OPCODE_MASK = 0x7ff;

    private X87State() {}

    private static final class Environment extends Op {
        private final Ea ea;
        private final boolean store;
        private final boolean registers;
        /** Bytes from one word to the next. */
        private final int step;

        Environment(Insn i, boolean store, boolean registers) {
            this.ea = Ea.of(i);
            this.store = store;
            this.registers = registers;
            this.step = i.operandBytes() == 2 ? 2 : 4;
        }

        @Override
        public void exec(Cpu c) {
            X87Op.available(c);
            int size = WORDS * step + (registers ? 10 * REGISTERS : 0);
            long at = ea.linear(c, size, store);
            c.mmu.requireAlignment(at, step);
            if (store) {
                // As processors do: the first word, the end, the rest.
                c.mmu.probeStore(at, step);
                c.mmu.probeStore(at + size - 1, 1);
                c.mmu.probeStore(at, size);
                store(c, at);
            } else {
                X87Op.noPending(c);
                c.mmu.probeLoad(at, step);
                c.mmu.probeLoad(at + size - 1, 1);
                c.mmu.probeLoad(at, size);
                load(c, at);
            }
        }

        private void store(Cpu c, long at) {
            Fpu f = c.fpu;
            word(c, at, 0, 0xffff_0000L | f.control);
            word(c, at, 1, 0xffff_0000L | f.statusWord());
            word(c, at, 2, 0xffff_0000L | f.tagWord());
            word(c, at, 3, f.instructionPointer);
            word(c, at, 4, (long) f.opcode << 16);
            word(c, at, 5, f.dataPointer);
            word(c, at, 6, 0xffff_0000L);
            if (registers) {
                for (int n = 0; n < REGISTERS; n++) {
                    long to = at + (long) WORDS * step + 10L * n;
                    // Two bytes at a time, because of them alignment checks ask no more.
                    for (int part = 0; part < 4; part++) {
                        c.mmu.store16(to + 2L * part, f.significand[f.st(n)] >>> 16 * part);
                    }
                    c.mmu.store16(to + 8, f.signExponent[f.st(n)]);
                }
                f.init();
            } else {
                f.control |= Mxcsr.FLAGS;
                f.controlWord(f.control);
            }
        }

        private void word(Cpu c, long at, int n, long value) {
            c.mmu.store(at + (long) n * step, step, value);
        }

        private void load(Cpu c, long at) {
            Fpu f = c.fpu;
            int control = (int) c.mmu.load16(at);
            f.controlWord(control);
            f.statusWord((int) c.mmu.load16(at + step));
            f.tagWord((int) c.mmu.load16(at + 2L * step));
            f.instructionPointer = c.mmu.load(at + 3L * step, step);
            f.opcode = step == 4 ? (int) c.mmu.load16(at + 18) & OPCODE_MASK : 0;
            f.dataPointer = c.mmu.load(at + 5L * step, step);
            if (registers) {
                for (int n = 0; n < REGISTERS; n++) {
                    long from = at + (long) WORDS * step + 10L * n;
                    int register = f.st(n);
                    long significand = 0;
                    for (int part = 0; part < 4; part++) {
                        significand |= c.mmu.load16(from + 2L * part) << 16 * part;
                    }
                    f.significand[register] = significand;
                    f.signExponent[register] = (int) c.mmu.load16(from + 8);
                }
            }
        }
    }
}
