// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.op;

import io.splitvisor.vcpu.cpu.Cpu;
import io.splitvisor.vcpu.cpu.SystemRegisters;
import io.splitvisor.vcpu.cpu.Vector;
import io.splitvisor.vcpu.decode.Insn;
import java.util.Map;

/** Moves of XMM registers, and their state. */
final class SseMoves {
    private static final int FX_BYTES = 512;
    private static final int MXCSR_AT = 24;
    private static final int MXCSR_MASK = 0xffff;
    private static final int XMM_AT = 160;

    static final Map<String, Lowering> LOWERINGS = Map.ofEntries(
            Map.entry("movups", i -> new Whole(i, true)),
            Map.entry("movupd", i -> new Whole(i, true)),
            Map.entry("movdqu", i -> new Whole(i, true)),
            Map.entry("movaps", i -> new Whole(i, false)),
            Map.entry("movapd", i -> new Whole(i, false)),
            Map.entry("movdqa", i -> new Whole(i, false)),
            Map.entry("movntps", i -> new Whole(i, false)),
            Map.entry("movntpd", i -> new Whole(i, false)),
            Map.entry("movntdq", i -> new Whole(i, false)),
            Map.entry("movss", Scalar::new),
            Map.entry("movsd", Scalar::new),
            Map.entry("movq", MoveQ::new),
            Map.entry("movlps", i -> new Half(i, 0)),
            Map.entry("movlpd", i -> new Half(i, 0)),
            Map.entry("movhps", i -> new Half(i, 1)),
            Map.entry("movhpd", i -> new Half(i, 1)),
            Map.entry("movhlps", i -> new Across(i, 0, 1)),
            Map.entry("movlhps", i -> new Across(i, 1, 0)),
            Map.entry("movd", General::new),
            Map.entry("movmskps", i -> new Mask(i, 4)),
            Map.entry("movmskpd", i -> new Mask(i, 2)),
            Map.entry("pmovmskb", i -> new Mask(i, 16)),
            Map.entry("maskmovdqu", MaskedStore::new),
            Map.entry("ldmxcsr", i -> new Mxcsr(i, true)),
            Map.entry("stmxcsr", i -> new Mxcsr(i, false)),
            Map.entry("fxsave", i -> new FxState(i, true)),
            Map.entry("fxrstor", i -> new FxState(i, false)));

    private SseMoves() {}

    private static final class Whole extends Op {
        private final Xmm d;
        private final Xmm s;

        Whole(Insn i, boolean unaligned) {
            this.d = Xmm.of(i, 0, unaligned);
            this.s = Xmm.of(i, 1, unaligned);
        }

        @Override
        public void exec(Cpu c) {
            Xmm.check(c);
            s.read(c);
            d.write(c, c.low, c.high);
        }
    }

    /** MOVSS and MOVSD: between registers the rest of the destination stays, from memory it is cleared. */
    private static final class Scalar extends Op {
        private final Xmm d;
        private final Xmm s;
        private final long mask;

        Scalar(Insn i) {
            this.d = Xmm.of(i, 0, true);
            this.s = Xmm.of(i, 1, true);
            this.mask = Math.min(d.size, s.size) == 4 ? 0xffff_ffffL : -1;
        }

        @Override
        public void exec(Cpu c) {
            Xmm.check(c);
            s.read(c);
            if (d instanceof Xmm.Register r && s instanceof Xmm.Register) {
                c.xmm[r.at] = (c.xmm[r.at] & ~mask) | (c.low & mask);
            } else {
                d.write(c, c.low, 0);
            }
        }
    }

    /** MOVQ clears the upper half of a register. */
    private static final class MoveQ extends Op {
        private final Xmm d;
        private final Xmm s;

        MoveQ(Insn i) {
            this.d = Xmm.of(i, 0, true);
            this.s = Xmm.of(i, 1, true);
        }

        @Override
        public void exec(Cpu c) {
            Xmm.check(c);
            s.read(c);
            d.write(c, c.low, 0);
        }
    }

    /** Half a register from or to memory. */
    private static final class Half extends Op {
        private final Xmm d;
        private final Xmm s;
        private final int half;

        Half(Insn i, int half) {
            this.d = Xmm.of(i, 0, true);
            this.s = Xmm.of(i, 1, true);
            this.half = half;
        }

        @Override
        public void exec(Cpu c) {
            Xmm.check(c);
            s.read(c);
            if (d instanceof Xmm.Register r) {
                c.xmm[r.at + half] = c.low;
            } else {
                d.write(c, half == 0 ? c.low : c.high, 0);
            }
        }
    }

    private static final class Across extends Op {
        private final int d;
        private final int s;

        Across(Insn i, int toHalf, int fromHalf) {
            this.d = 2 * i.reg() + toHalf;
            this.s = 2 * i.rm() + fromHalf;
        }

        @Override
        public void exec(Cpu c) {
            Xmm.check(c);
            c.xmm[d] = c.xmm[s];
        }
    }

    /** MOVD and MOVQ from and to general registers. */
    private static final class General extends Op {
        private final boolean toXmm;
        private final Operand general;
        private final int xmm;

        General(Insn i) {
            this.toXmm = i.opcode() == 0x6e;
            this.general = Operand.of(i, toXmm ? 1 : 0);
            this.xmm = 2 * i.reg();
        }

        @Override
        public void exec(Cpu c) {
            Xmm.check(c);
            if (toXmm) {
                c.xmm[xmm] = general.read(c);
                c.xmm[xmm + 1] = 0;
            } else {
                general.write(c, c.xmm[xmm]);
            }
        }
    }

    /** The sign bits of all elements. */
    private static final class Mask extends Op {
        private final int d;
        private final int s;
        private final int elements;

        Mask(Insn i, int elements) {
            this.d = i.reg();
            this.s = 2 * i.rm();
            this.elements = elements;
        }

        @Override
        public void exec(Cpu c) {
            Xmm.check(c);
            int bits = 128 / elements;
            long mask = 0;
            for (int e = 0; e < elements; e++) {
                int top = e * bits + bits - 1;
                mask |= (c.xmm[s + (top >> 6)] >>> (top & 63) & 1) << e;
            }
            c.r[d] = mask;
        }
    }

    private static final class MaskedStore extends Op {
        private final int s;
        private final int mask;
        private final long addressMask;
        private final int segment;

        MaskedStore(Insn i) {
            this.s = 2 * i.reg();
            this.mask = 2 * i.rm();
            this.addressMask = -1L >>> (64 - 8 * i.addressBytes());
            this.segment = i.segmentOverride() == Insn.NO_SEGMENT ? Cpu.DS : i.segmentOverride();
        }

        @Override
        public void exec(Cpu c) {
            Xmm.check(c);
            long at = c.linear(segment, c.r[Cpu.RDI] & addressMask, 16, true);
            for (int n = 0; n < 16; n++) {
                if (selected(c, n)) {
                    c.mmu.probeStore(at + n, 1);
                }
            }
            for (int n = 0; n < 16; n++) {
                if (selected(c, n)) {
                    c.mmu.store8(at + n, c.xmm[s + (n >> 3)] >>> (8 * (n & 7)));
                }
            }
        }

        private boolean selected(Cpu c, int n) {
            return (c.xmm[mask + (n >> 3)] >>> (8 * (n & 7)) & 0x80) != 0;
        }
    }

    private static final class Mxcsr extends Op {
        private final Ea ea;
        private final boolean load;

        Mxcsr(Insn i, boolean load) {
            this.ea = Ea.of(i);
            this.load = load;
        }

        @Override
        public void exec(Cpu c) {
            Xmm.check(c);
            long at = ea.linear(c, 4, !load);
            if (!load) {
                c.mmu.store32(at, c.mxcsr);
                return;
            }
            long value = c.mmu.load32(at);
            if ((value & ~MXCSR_MASK) != 0) {
                throw c.gp(0);
            }
            c.mxcsr = (int) value;
        }
    }

    /** FXSAVE and FXRSTOR. The x87 part is what FNINIT leaves, and is not read back: there is no x87 here. */
    private static final class FxState extends Op {
        private final Ea ea;
        private final boolean save;
        private final int registers;

        FxState(Insn i, boolean save) {
            this.ea = Ea.of(i);
            this.save = save;
            this.registers = i.mode() == Insn.MODE64 ? 16 : 8;
        }

        @Override
        public void exec(Cpu c) {
            if ((c.sys.cr0 & (SystemRegisters.CR0_EM | SystemRegisters.CR0_TS)) != 0) {
                throw c.fault.exception(Vector.NM);
            }
            long at = ea.linear(c, FX_BYTES, save);
            if ((at & 15) != 0) {
                throw c.gp(0);
            }
            if (save) {
                save(c, at);
            } else {
                restore(c, at);
            }
        }

        private void save(Cpu c, long at) {
            c.mmu.probeStore(at, FX_BYTES);
            for (int n = 0; n < XMM_AT; n += 8) {
                c.mmu.store64(at + n, n == 0 ? 0x37f : 0);
            }
            c.mmu.store32(at + MXCSR_AT, c.mxcsr);
            c.mmu.store32(at + MXCSR_AT + 4, MXCSR_MASK);
            for (int n = 0; n < 2 * registers; n++) {
                c.mmu.store64(at + XMM_AT + 8L * n, c.xmm[n]);
            }
        }

        private void restore(Cpu c, long at) {
            c.mmu.probeLoad(at, FX_BYTES);
            long value = c.mmu.load32(at + MXCSR_AT);
            if ((value & ~MXCSR_MASK) != 0) {
                throw c.gp(0);
            }
            for (int n = 0; n < 2 * registers; n++) {
                c.xmm[n] = c.mmu.load64(at + XMM_AT + 8L * n);
            }
            c.mxcsr = (int) value;
        }
    }
}
