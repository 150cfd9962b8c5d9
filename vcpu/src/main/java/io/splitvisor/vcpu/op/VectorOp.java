// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.op;

import io.splitvisor.vcpu.cpu.Cpu;
import io.splitvisor.vcpu.cpu.SystemRegisters;
import io.splitvisor.vcpu.cpu.Vector;
import io.splitvisor.vcpu.decode.Arg;
import io.splitvisor.vcpu.decode.Insn;
import io.splitvisor.vcpu.mmu.GuestFault;

/** An instruction on XMM or MMX registers, and the shapes that most of them have. */
abstract class VectorOp extends Op {
    private final boolean xmm;
    private final boolean mmx;
    /** Whether the x87 becomes the MMX even if a store faults. */
    private final boolean early;

    VectorOp(Insn i) {
        boolean usesXmm = false;
        boolean usesMmx = false;
        for (Arg arg : i.row().args()) {
            switch (arg.kind()) {
                case XMM_REG, XMM_RM -> usesXmm = true;
                case MMX_RM -> usesMmx |= !i.hasMemory();
                case MMX_REG -> usesMmx = true;
                default -> {}
            }
        }
        this.xmm = usesXmm;
        this.mmx = usesMmx;
        this.early = i.row().mnemonic().equals("maskmovq");
    }

    @Override
    public final void exec(Cpu c) {
        if (xmm) {
            xmmAvailable(c);
        }
        if (mmx) {
            mmxAvailable(c);
        }
        if (early) {
            c.fpu.useMmx();
        }
        if (mmx && xmm) {
            convert(c);
        } else {
            work(c);
        }
        if (mmx) {
            c.fpu.useMmx();
        }
    }

    /** As processors do, the x87 becomes the MMX even where a conversion raises #XM. */
    private void convert(Cpu c) {
        try {
            work(c);
        } catch (GuestFault f) {
            if (f.kind() == GuestFault.Kind.EXCEPTION && f.vector() == Vector.XM) {
                c.fpu.useMmx();
            }
            throw f;
        }
    }

    abstract void work(Cpu c);

    /** #UD or #NM unless the guest's kernel has enabled SSE. */
    static void xmmAvailable(Cpu c) {
        if (!c.sys.sseEnabled()) {
            boolean there = (c.sys.cr0 & SystemRegisters.CR0_EM) == 0 && (c.sys.cr4 & SystemRegisters.CR4_OSFXSR) != 0;
            throw there ? c.fault.exception(Vector.NM) : c.ud();
        }
    }

    /** #UD, #NM or, where an x87 exception waits, #MF. */
    static void mmxAvailable(Cpu c) {
        if ((c.sys.cr0 & SystemRegisters.CR0_EM) != 0) {
            throw c.ud();
        }
        X87Op.available(c);
        X87Op.noPending(c);
    }

    /** A function of two halves. */
    @FunctionalInterface
    interface Half {
        long apply(long d, long s);
    }

    /** A function of a whole destination and a whole source, which is in {@link Cpu#low} and {@link Cpu#high}, as its result. */
    @FunctionalInterface
    interface Whole {
        void apply(Cpu c, long low, long high);
    }

    /** What an immediate makes of two registers. */
    @FunctionalInterface
    interface ByImmediate {
        Whole with(int immediate);
    }

    /** With a destination and a source: its first two operands. */
    abstract static class Binary extends VectorOp {
        final Vec d;
        final Vec s;

        /** @param unaligned whether a source of 16 bytes in memory may lie anywhere */
        Binary(Insn i, boolean unaligned) {
            super(i);
            this.d = Vec.of(i, 0, unaligned);
            this.s = Vec.of(i, 1, unaligned);
        }
    }

    /** Each half of the destination by itself, from the same halves of both operands. */
    static final class Halves extends Binary {
        private final Half f;

        Halves(Insn i, Half f) {
            super(i, false);
            this.f = f;
        }

        @Override
        void work(Cpu c) {
            s.read(c);
            long low = c.low;
            long high = c.high;
            d.read(c);
            d.write(c, f.apply(c.low, low), f.apply(c.high, high));
        }
    }

    /** Both halves of the destination become one half, and both of the source the other; of MMX registers, half of one. */
    static final class Narrowing extends Binary {
        private final Half f;

        Narrowing(Insn i, Half f) {
            super(i, false);
            this.f = f;
        }

        @Override
        void work(Cpu c) {
            s.read(c);
            long low = c.low;
            long high = c.high;
            d.read(c);
            if (d.size == 8) {
                d.write(c, f.apply(c.low, low), 0);
            } else {
                d.write(c, f.apply(c.low, c.high), f.apply(low, high));
            }
        }
    }

    /** Anything on whole registers. */
    static final class Wholes extends Binary {
        private final Whole f;

        Wholes(Insn i, Whole f) {
            super(i, false);
            this.f = f;
        }

        @Override
        void work(Cpu c) {
            d.read(c);
            long low = c.low;
            long high = c.high;
            s.read(c);
            f.apply(c, low, high);
            d.write(c, c.low, c.high);
        }
    }
}
