// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.op;

import io.splitvisor.vcpu.cpu.Cpu;
import io.splitvisor.vcpu.cpu.SystemRegisters;
import io.splitvisor.vcpu.cpu.Vector;
import io.splitvisor.vcpu.decode.Arg;
import io.splitvisor.vcpu.decode.Insn;

/** An operand of SSE instructions: an XMM register, or memory of 4, 8 or 16 bytes. */
abstract class Xmm {
    /** Bytes in memory. */
    final int size;

    Xmm(int size) {
        this.size = size;
    }

    /** Operand number {@code n}. Memory of 16 bytes must be aligned unless {@code unaligned}. */
    static Xmm of(Insn i, int n, boolean unaligned) {
        Arg arg = i.row().args().get(n);
        int size = arg.size(i);
        if (arg.kind() == Arg.Kind.XMM_REG) {
            return new Register(i.reg(), size);
        }
        return i.hasMemory() ? new Memory(Ea.of(i), size, unaligned) : new Register(i.rm(), size);
    }

    /** #UD or #NM unless the guest's kernel has enabled SSE. To be called first by every SSE instruction. */
    static void check(Cpu c) {
        long cr0 = c.sys.cr0 & (SystemRegisters.CR0_EM | SystemRegisters.CR0_TS);
        if (cr0 != 0 || (c.sys.cr4 & SystemRegisters.CR4_OSFXSR) == 0) {
            boolean disabled = (cr0 & SystemRegisters.CR0_EM) != 0 || (c.sys.cr4 & SystemRegisters.CR4_OSFXSR) == 0;
            throw disabled ? c.ud() : c.fault.exception(Vector.NM);
        }
    }

    /** Reads into {@link Cpu#low} and {@link Cpu#high}; bytes that are not in the operand are zero in memory's case. */
    abstract void read(Cpu c);

    /** Writes the low bytes, as many as the operand has in memory; of a register, 16. */
    abstract void write(Cpu c, long low, long high);

    /** An XMM register. */
    static final class Register extends Xmm {
        final int at;

        Register(int number, int size) {
            super(size);
            this.at = 2 * number;
        }

        @Override
        void read(Cpu c) {
            c.low = c.xmm[at];
            c.high = c.xmm[at + 1];
        }

        @Override
        void write(Cpu c, long low, long high) {
            c.xmm[at] = low;
            c.xmm[at + 1] = high;
        }
    }

    /** Memory. */
    static final class Memory extends Xmm {
        private final Ea ea;
        private final boolean unaligned;

        Memory(Ea ea, int size, boolean unaligned) {
            super(size);
            this.ea = ea;
            this.unaligned = unaligned;
        }

        private long address(Cpu c, boolean write) {
            long a = ea.linear(c, size, write);
            if (size == 16 && !unaligned && (a & 15) != 0) {
                throw c.gp(0);
            }
            return a;
        }

        @Override
        void read(Cpu c) {
            long a = address(c, false);
            if (size == 16) {
                c.low = c.mmu.load64(a);
                c.high = c.mmu.load64(a + 8);
            } else {
                c.low = c.mmu.load(a, size);
                c.high = 0;
            }
        }

        @Override
        void write(Cpu c, long low, long high) {
            long a = address(c, true);
            if (size == 16) {
                if ((a & 4095) > 4080) {
                    c.mmu.probeStore(a, 16);
                }
                c.mmu.store64(a, low);
                c.mmu.store64(a + 8, high);
            } else {
                c.mmu.store(a, size, low);
            }
        }
    }
}
