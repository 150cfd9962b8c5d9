// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.op;

import io.splitvisor.vcpu.cpu.Cpu;
import io.splitvisor.vcpu.cpu.Fpu;
import io.splitvisor.vcpu.decode.Insn;
import java.util.Map;

/** FXSAVE and FXRSTOR: the state of x87, MMX and SSE in 512 bytes. SDM volume 1, 10.5.1. */
final class FxState {
    static final Map<String, Lowering> LOWERINGS =
            Map.of("fxsave", i -> new Transfer(i, true), "fxrstor", i -> new Transfer(i, false));

    private static final int BYTES = 512;
    private static final int MXCSR_AT = 24;
    private static final int ST_AT = 32;
    private static final int XMM_AT = 160;
    private static final int OPCODE_MASK = 0x7ff;

    private FxState() {}

    private static final class Transfer extends Op {
        private final Ea ea;
        private final boolean save;
        private final int registers;
        private final boolean wide;

        Transfer(Insn i, boolean save) {
            this.ea = Ea.of(i);
            this.save = save;
            this.registers = i.mode() == Insn.MODE64 ? 16 : 8;
            this.wide = i.rexW();
        }

        @Override
        public void exec(Cpu c) {
            X87Op.available(c);
            long at = ea.linear(c, BYTES, save);
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
            c.mmu.probeStore(at, BYTES);
            Fpu f = c.fpu;
            long head = f.control | (long) f.statusWord() << 16 | (long) f.full << 32 | (long) f.opcode << 48;
            c.mmu.store64(at, head);
            c.mmu.store64(at + 8, pointer(f.instructionPointer));
            c.mmu.store64(at + 16, pointer(f.dataPointer));
            c.mmu.store32(at + MXCSR_AT, c.mxcsr);
            c.mmu.store32(at + MXCSR_AT + 4, SseControl.MXCSR_MASK);
            for (int n = 0; n < 8; n++) {
                c.mmu.store64(at + ST_AT + 16L * n, f.significand[f.st(n)]);
                c.mmu.store64(at + ST_AT + 16L * n + 8, f.signExponent[f.st(n)]);
            }
            for (int n = 0; n < 2 * registers; n++) {
                c.mmu.store64(at + XMM_AT + 8L * n, c.xmm[n]);
            }
        }

        private long pointer(long value) {
            return wide ? value : value & 0xffff_ffffL;
        }

        private void restore(Cpu c, long at) {
            c.mmu.probeLoad(at, BYTES);
            long mxcsr = c.mmu.load32(at + MXCSR_AT);
            if ((mxcsr & ~SseControl.MXCSR_MASK) != 0) {
                throw c.gp(0);
            }
            Fpu f = c.fpu;
            long head = c.mmu.load64(at);
            f.controlWord((int) head & 0xffff);
            f.statusWord((int) (head >>> 16) & 0xffff);
            f.full = (int) (head >>> 32) & 0xff;
            f.opcode = (int) (head >>> 48) & OPCODE_MASK;
            f.instructionPointer = pointer(c.mmu.load64(at + 8));
            f.dataPointer = pointer(c.mmu.load64(at + 16));
            for (int n = 0; n < 8; n++) {
                f.significand[f.st(n)] = c.mmu.load64(at + ST_AT + 16L * n);
                f.signExponent[f.st(n)] = (int) c.mmu.load16(at + ST_AT + 16L * n + 8);
            }
            for (int n = 0; n < 2 * registers; n++) {
                c.xmm[n] = c.mmu.load64(at + XMM_AT + 8L * n);
            }
            c.mxcsr = (int) mxcsr;
        }
    }
}
