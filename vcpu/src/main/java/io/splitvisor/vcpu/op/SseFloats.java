// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.op;

import io.splitvisor.vcpu.cpu.Cpu;
import io.splitvisor.vcpu.cpu.Eflags;
import io.splitvisor.vcpu.cpu.SystemRegisters;
import io.splitvisor.vcpu.cpu.Vector;
import io.splitvisor.vcpu.decode.Insn;
import io.splitvisor.vcpu.fp.Mxcsr;
import io.splitvisor.vcpu.fp.Sse;
import java.util.HashMap;
import java.util.Map;

/** Floating point of SSE and SSE2: arithmetic, comparisons, conversions. */
final class SseFloats {
    static final Map<String, Lowering> LOWERINGS = new HashMap<>();

    static {
        arithmetic("add", Sse.Op.ADD);
        arithmetic("sub", Sse.Op.SUB);
        arithmetic("mul", Sse.Op.MUL);
        arithmetic("div", Sse.Op.DIV);
        arithmetic("min", Sse.Op.MIN);
        arithmetic("max", Sse.Op.MAX);
        for (String type : new String[] {"ps", "pd", "ss", "sd"}) {
            LOWERINGS.put("sqrt" + type, i -> elements(i, type, (s, a, b) -> s.sqrt32(b), (s, a, b) -> s.sqrt64(b)));
            LOWERINGS.put("cmp" + type, i -> compare(i, type));
        }
        for (String type : new String[] {"ps", "ss"}) {
            LOWERINGS.put("rcp" + type, i -> elements(i, type, (s, a, b) -> Estimates.reciprocal(b), null));
            LOWERINGS.put("rsqrt" + type, i -> elements(i, type, (s, a, b) -> Estimates.reciprocalRoot(b), null));
        }
        LOWERINGS.put("ucomiss", i -> new Compare(i, 4, false));
        LOWERINGS.put("ucomisd", i -> new Compare(i, 8, false));
        LOWERINGS.put("comiss", i -> new Compare(i, 4, true));
        LOWERINGS.put("comisd", i -> new Compare(i, 8, true));
    }

    private SseFloats() {}

    /** An operation on floats of a destination and a source. */
    @FunctionalInterface
    interface FloatFunction {
        int apply(Sse s, int a, int b);
    }

    /** An operation on doubles. */
    @FunctionalInterface
    interface DoubleFunction {
        long apply(Sse s, long a, long b);
    }

    private static void arithmetic(String name, Sse.Op op) {
        for (String type : new String[] {"ps", "pd", "ss", "sd"}) {
            LOWERINGS.put(
                    name + type,
                    i -> elements(i, type, (s, a, b) -> s.binary32(op, a, b), (s, a, b) -> s.binary64(op, a, b)));
        }
    }

    private static Op elements(Insn i, String type, FloatFunction f, DoubleFunction d) {
        return type.endsWith("s") ? new Floats(i, type.equals("ss"), f) : new Doubles(i, type.equals("sd"), d);
    }

    private static Op compare(Insn i, String type) {
        int predicate = (int) i.immediate() & 7;
        boolean signals = (predicate & 3) == 1 || (predicate & 3) == 2;
        return elements(
                i,
                type,
                (s, a, b) -> holds(predicate, s.compare32(a, b, signals)) ? -1 : 0,
                (s, a, b) -> holds(predicate, s.compare64(a, b, signals)) ? -1 : 0);
    }

    private static boolean holds(int predicate, int order) {
        boolean positive =
                switch (predicate & 3) {
                    case 0 -> order == 0;
                    case 1 -> order == -1;
                    case 2 -> order == -1 || order == 0;
                    default -> order == 2;
                };
        return positive != ((predicate & 4) != 0);
    }

    /** Raises flags, and #XM if one of them is not masked: then the destination must not change. */
    static void settle(Cpu c, Sse s) {
        int raised = s.flags();
        if (raised == 0) {
            return;
        }
        int unmasked = raised & ~(c.mxcsr >> Mxcsr.MASK_SHIFT);
        if ((unmasked & Mxcsr.BEFORE) != 0) {
            // What would come after the computation has not come yet.
            raised &= Mxcsr.BEFORE;
        }
        c.mxcsr |= raised;
        if ((unmasked & Mxcsr.FLAGS) != 0) {
            boolean handled = (c.sys.cr4 & SystemRegisters.CR4_OSXMMEXCPT) != 0;
            throw handled ? c.fault.exception(Vector.XM) : c.ud();
        }
    }

    private static final class Floats extends Op {
        private final int d;
        private final Xmm s;
        private final boolean scalar;
        private final FloatFunction f;

        Floats(Insn i, boolean scalar, FloatFunction f) {
            this.d = 2 * i.reg();
            this.s = Xmm.of(i, 1, false);
            this.scalar = scalar;
            this.f = f;
        }

        @Override
        public void exec(Cpu c) {
            Xmm.check(c);
            s.read(c);
            c.sse.start(c.mxcsr);
            long low = c.xmm[d];
            long high = c.xmm[d + 1];
            if (scalar) {
                low = (low & ~0xffff_ffffL) | (f.apply(c.sse, (int) low, (int) c.low) & 0xffff_ffffL);
            } else {
                low = both(c.sse, low, c.low);
                high = both(c.sse, high, c.high);
            }
            settle(c, c.sse);
            c.xmm[d] = low;
            c.xmm[d + 1] = high;
        }

        private long both(Sse sse, long a, long b) {
            return (f.apply(sse, (int) a, (int) b) & 0xffff_ffffL)
                    | (long) f.apply(sse, (int) (a >>> 32), (int) (b >>> 32)) << 32;
        }
    }

    private static final class Doubles extends Op {
        private final int d;
        private final Xmm s;
        private final boolean scalar;
        private final DoubleFunction f;

        Doubles(Insn i, boolean scalar, DoubleFunction f) {
            this.d = 2 * i.reg();
            this.s = Xmm.of(i, 1, false);
            this.scalar = scalar;
            this.f = f;
        }

        @Override
        public void exec(Cpu c) {
            Xmm.check(c);
            s.read(c);
            c.sse.start(c.mxcsr);
            long low = f.apply(c.sse, c.xmm[d], c.low);
            long high = scalar ? c.xmm[d + 1] : f.apply(c.sse, c.xmm[d + 1], c.high);
            settle(c, c.sse);
            c.xmm[d] = low;
            c.xmm[d + 1] = high;
        }
    }

    /** UCOMIS and COMIS: into ZF, PF and CF. */
    private static final class Compare extends Op {
        private final int d;
        private final Xmm s;
        private final int size;
        private final boolean signals;

        Compare(Insn i, int size, boolean signals) {
            this.d = 2 * i.reg();
            this.s = Xmm.of(i, 1, true);
            this.size = size;
            this.signals = signals;
        }

        @Override
        public void exec(Cpu c) {
            Xmm.check(c);
            s.read(c);
            c.sse.start(c.mxcsr);
            int order = size == 4
                    ? c.sse.compare32((int) c.xmm[d], (int) c.low, signals)
                    : c.sse.compare64(c.xmm[d], c.low, signals);
            settle(c, c.sse);
            c.arithmetic(
                    switch (order) {
                        case -1 -> Eflags.CF;
                        case 0 -> Eflags.ZF;
                        case 1 -> 0;
                        default -> Eflags.ZF | Eflags.PF | Eflags.CF;
                    });
        }
    }
}
