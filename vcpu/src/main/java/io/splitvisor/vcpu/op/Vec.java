// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.op;

import io.splitvisor.vcpu.cpu.Cpu;
import io.splitvisor.vcpu.decode.Arg;
import io.splitvisor.vcpu.decode.Insn;

/** An operand of SSE and MMX instructions: an XMM or MMX register, or memory. An MMX register has no upper half. */
abstract class Vec {
    /** Bytes in memory. */
    final int size;

    Vec(int size) {
        this.size = size;
    }

    /** Operand number {@code n}. Memory of 16 bytes must be aligned unless {@code unaligned}. */
    static Vec of(Insn i, int n, boolean unaligned) {
        Arg arg = i.row().args().get(n);
        int size = arg.size(i);
        return switch (arg.kind()) {
            case XMM_REG -> new Xmm(i.reg(), size);
            case MMX_REG -> new Mmx(i.reg() & 7, size);
            default -> {
                if (i.hasMemory()) {
                    yield new Memory(Ea.of(i), size, unaligned);
                }
                yield arg.kind() == Arg.Kind.MMX_RM ? new Mmx(i.rm() & 7, size) : new Xmm(i.rm(), size);
            }
        };
    }

    /** Reads into {@link Cpu#low} and {@link Cpu#high}; what memory does not have is zero. */
    abstract void read(Cpu c);

    /** Writes the low bytes, as many as the operand has in memory; of an XMM register, 16. */
    abstract void write(Cpu c, long low, long high);

    /** An XMM register. */
    static final class Xmm extends Vec {
        final int at;

        Xmm(int number, int size) {
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

    /** An MMX register. */
    private static final class Mmx extends Vec {
        private final int number;

        Mmx(int number, int size) {
            super(size);
            this.number = number;
        }

        @Override
        void read(Cpu c) {
            c.low = c.fpu.significand[number];
            c.high = 0;
        }

        @Override
        void write(Cpu c, long low, long high) {
            c.fpu.mmx(number, low);
        }
    }

    /** Memory. */
    private static final class Memory extends Vec {
        private final Ea ea;
        private final boolean unaligned;

        Memory(Ea ea, int size, boolean unaligned) {
            super(size);
            this.ea = ea;
            this.unaligned = unaligned;
        }

        private long address(Cpu c, boolean write) {
            long a = ea.linear(c, size, write);
            if (size == 16 && (a & 15) != 0) {
                if (!unaligned) {
                    throw c.gp(0);
                }
                c.mmu.requireAlignment(a, 16);
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
