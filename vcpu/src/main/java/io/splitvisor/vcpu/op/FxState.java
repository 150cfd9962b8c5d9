// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.op;

import io.splitvisor.vcpu.cpu.Cpu;
import io.splitvisor.vcpu.cpu.FxImage;
import io.splitvisor.vcpu.decode.Insn;
import io.splitvisor.vcpu.fp.Mxcsr;
import java.util.Map;

/** FXSAVE and FXRSTOR: the state of x87, MMX and SSE in 512 bytes. SDM volume 1, 10.5.1. */
final class FxState {
    static final Map<String, Lowering> LOWERINGS =
            Map.of("fxsave", i -> new Transfer(i, true), "fxrstor", i -> new Transfer(i, false));

    private static final int BYTES = 8 * FxImage.WORDS;

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
            c.mmu.requireAlignment(at, 4);
            if ((at & 15) != 0) {
                if (at << 16 >> 16 != at) {
                    // Which fault that is comes first.
                    c.mmu.probeLoad(at, 1);
                }
                throw c.gp(0);
            }
            if (save) {
                save(c, at);
            } else {
                restore(c, at);
            }
        }

        private void save(Cpu c, long at) {
            // As processors do: the end first.
            c.mmu.probeStore(at + BYTES - 1, 1);
            c.mmu.probeStore(at, BYTES);
            long[] image = FxImage.save(c);
            image[1] = pointer(image[1]);
            image[2] = pointer(image[2]);
            for (int n = 0; n < FxImage.XMM_WORD + 2 * registers; n++) {
                c.mmu.store64(at + 8L * n, image[n]);
            }
        }

        private long pointer(long value) {
            return wide ? value : value & 0xffff_ffffL;
        }

        private void restore(Cpu c, long at) {
            c.mmu.probeLoad(at + BYTES - 1, 1);
            c.mmu.probeLoad(at, BYTES);
            long[] image = new long[FxImage.WORDS];
            for (int n = 0; n < FxImage.XMM_WORD + 2 * registers; n++) {
                image[n] = c.mmu.load64(at + 8L * n);
            }
            if (((int) image[FxImage.MXCSR_WORD] & ~Mxcsr.BITS) != 0) {
                throw c.gp(0);
            }
            image[1] = pointer(image[1]);
            image[2] = pointer(image[2]);
            FxImage.restore(c, image, registers);
        }
    }
}
