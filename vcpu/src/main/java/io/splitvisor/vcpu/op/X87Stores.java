// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.op;

import io.splitvisor.vcpu.cpu.Cpu;
import io.splitvisor.vcpu.cpu.Fpu;
import io.splitvisor.vcpu.decode.Insn;
import io.splitvisor.vcpu.fp.Format;
import io.splitvisor.vcpu.fp.Mxcsr;
import io.splitvisor.vcpu.fp.X87;
import java.util.Map;

/** Stores of the x87. Memory is written before any state of the processor changes, for it may fault. */
final class X87Stores {
    static final Map<String, Lowering> LOWERINGS = Map.of(
            "fst", i -> store(i, false),
            "fstp", i -> store(i, true),
            "fist", i -> new Converted(i, integer(false), false),
            "fistp", i -> new Converted(i, integer(false), true),
            "fisttp", i -> new Converted(i, integer(true), true),
            "fbstp", Decimal::new);

    /** What keeps a number from memory where it is not masked. */
    private static final int STOPS = Mxcsr.FLAGS & ~Mxcsr.PE;

    private X87Stores() {}

    private static Op store(Insn i, boolean pops) {
        if (!i.hasMemory()) {
            return new ToRegister(i, pops);
        }
        return i.row().args().get(0).size(i) == 10 ? new Whole(i) : new Converted(i, X87Stores::narrow, pops);
    }

    /** What is stored of {@code m.a}; {@code m.r} is the default NaN if its register is empty. */
    @FunctionalInterface
    private interface Conversion {
        long apply(X87 m, int size, boolean empty);
    }

    private static long narrow(X87 m, int size, boolean empty) {
        Format format = size == Format.FLOAT.bytes() ? Format.FLOAT : Format.DOUBLE;
        return empty ? format.pack(m.r) : m.narrow(format);
    }

    private static Conversion integer(boolean truncates) {
        return (m, size, empty) -> empty ? -1L << (8 * size - 1) : m.toInteger(size, truncates);
    }

    /** To memory, in whatever form. */
    private abstract static class ToMemory extends X87Op {
        private final boolean pops;

        ToMemory(Insn i, boolean pops) {
            super(i);
            this.pops = pops;
        }

        @Override
        final void work(Cpu c, Fpu f) {
            X87 m = f.math;
            f.load(0, m.a);
            boolean empty = f.isEmpty(0);
            if (empty) {
                m.invalid();
            }
            long value = convert(m, empty);
            int flags = empty ? Mxcsr.IE | Fpu.SF : m.flags();
            boolean stores = (flags & ~f.control & STOPS) == 0;
            if (stores) {
                put(c, f, value);
            } else {
                // A store that would fault does so even if nothing is stored.
                c.mmu.probeStore(ea.linear(c, size, true), size);
            }
            f.c1(!empty && m.roundedAway());
            f.raise(flags);
            if (stores && pops) {
                f.pop();
            }
        }

        /** What will be stored; {@code m.r} is the default NaN if the register is empty. */
        abstract long convert(X87 m, boolean empty);

        abstract void put(Cpu c, Fpu f, long value);
    }

    private static final class Converted extends ToMemory {
        private final Conversion conversion;

        Converted(Insn i, Conversion conversion, boolean pops) {
            super(i, pops);
            this.conversion = conversion;
        }

        @Override
        long convert(X87 m, boolean empty) {
            return conversion.apply(m, size, empty);
        }

        @Override
        void put(Cpu c, Fpu f, long value) {
            c.mmu.store(ea.linear(c, size, true), size, value);
        }
    }

    private static final class Decimal extends ToMemory {

        Decimal(Insn i) {
            super(i, true);
        }

        @Override
        long convert(X87 m, boolean empty) {
            return empty ? -1 : m.toDecimal();
        }

        @Override
        void put(Cpu c, Fpu f, long value) {
            X87Decimal.store(c, ea.linear(c, 10, true), f.math.a.negative, value);
        }
    }

    /** FSTP of 80 bits. */
    private static final class Whole extends ToMemory {
        Whole(Insn i) {
            super(i, true);
        }

        @Override
        long convert(X87 m, boolean empty) {
            return 0;
        }

        @Override
        void put(Cpu c, Fpu f, long unused) {
            boolean empty = f.isEmpty(0);
            long at = ea.linear(c, 10, true);
            c.mmu.probeStore(at, 10);
            c.mmu.store64(at, empty ? f.math.r.significand() : f.significand[f.top]);
            c.mmu.store16(at + 8, empty ? f.math.r.signExponent() : f.signExponent[f.top]);
        }
    }

    private static final class ToRegister extends X87Op {
        private final boolean pops;

        ToRegister(Insn i, boolean pops) {
            super(i);
            this.pops = pops;
        }

        @Override
        void work(Cpu c, Fpu f) {
            f.c1(false);
            if (!f.isEmpty(0)) {
                f.set(f.st(register), f.signExponent[f.top], f.significand[f.top]);
            } else if (f.underflow()) {
                f.store(register, f.math.r);
            } else {
                return;
            }
            if (pops) {
                f.pop();
            }
        }
    }
}
