// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.op;

import io.splitvisor.vcpu.cpu.Cpu;
import io.splitvisor.vcpu.decode.Insn;
import io.splitvisor.vcpu.fp.Format;
import io.splitvisor.vcpu.fp.Sse;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/** Floating point of SSE: arithmetic and comparisons. */
final class SseFloats {
    static final Map<String, Lowering> LOWERINGS = new HashMap<>();

    private static final Element ADD = (s, f, a, b) -> s.binary(f, Sse.Op.ADD, a, b);
    private static final Element SUB = (s, f, a, b) -> s.binary(f, Sse.Op.SUB, a, b);
    private static final long FLOAT = 0xffff_ffffL;

    static {
        for (Type type : Type.values()) {
            for (Sse.Op op : Sse.Op.values()) {
                elements(op.name().toLowerCase(Locale.ROOT), type, (s, f, a, b) -> s.binary(f, op, a, b));
            }
            elements("sqrt", type, (s, f, a, b) -> s.root(f, b));
            LOWERINGS.put("cmp" + type, i -> new Elements(i, type, comparison((int) i.immediate() & 7)));
            LOWERINGS.put("round" + type, i -> new Elements(i, type, rounding((int) i.immediate())));
        }
        for (Type type : new Type[] {Type.PS, Type.SS}) {
            elements("rcp", type, (s, f, a, b) -> Estimates.reciprocal((int) b));
            elements("rsqrt", type, (s, f, a, b) -> Estimates.reciprocalRoot((int) b));
        }
        for (Type type : new Type[] {Type.PS, Type.PD}) {
            LOWERINGS.put("addsub" + type, i -> new Elements(i, type, SUB, ADD));
            LOWERINGS.put("hadd" + type, i -> new Horizontal(i, type.format, ADD));
            LOWERINGS.put("hsub" + type, i -> new Horizontal(i, type.format, SUB));
            LOWERINGS.put("dp" + type, i -> new DotProduct(i, type.format));
        }
        for (Type type : new Type[] {Type.SS, Type.SD}) {
            LOWERINGS.put("ucomi" + type, i -> new Compare(i, type.format, false));
            LOWERINGS.put("comi" + type, i -> new Compare(i, type.format, true));
        }
    }

    private SseFloats() {}

    /** How many elements of which format an instruction works on. */
    private enum Type {
        PS(Format.FLOAT, false),
        PD(Format.DOUBLE, false),
        SS(Format.FLOAT, true),
        SD(Format.DOUBLE, true);

        final Format format;
        final boolean scalar;

        Type(Format format, boolean scalar) {
            this.format = format;
            this.scalar = scalar;
        }

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** An operation on elements of a destination and a source. */
    @FunctionalInterface
    private interface Element {
        long apply(Sse s, Format format, long a, long b);
    }

    private static void elements(String name, Type type, Element f) {
        LOWERINGS.put(name + type, i -> new Elements(i, type, f));
    }

    private static Element comparison(int predicate) {
        boolean signals = (predicate & 3) == 1 || (predicate & 3) == 2;
        return (s, f, a, b) -> holds(predicate, s.compare(f, a, b, signals)) ? -1 : 0;
    }

    private static Element rounding(int control) {
        return (s, f, a, b) -> s.integral(f, b, control);
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

    /** Each element by itself, or the lowest only. */
    private static final class Elements extends VectorOp {
        private final int d;
        private final Vec s;
        private final Format format;
        private final boolean scalar;
        private final Element even;
        private final Element odd;

        Elements(Insn i, Type type, Element all) {
            this(i, type, all, all);
        }

        Elements(Insn i, Type type, Element even, Element odd) {
            super(i);
            this.d = 2 * i.reg();
            this.s = Vec.of(i, 1, false);
            this.format = type.format;
            this.scalar = type.scalar;
            this.even = even;
            this.odd = odd;
        }

        @Override
        void work(Cpu c) {
            s.read(c);
            Sse sse = c.sse;
            sse.start(c.mxcsr);
            long low = c.xmm[d];
            long high = c.xmm[d + 1];
            if (format == Format.DOUBLE) {
                low = even.apply(sse, format, low, c.low);
                high = scalar ? high : odd.apply(sse, format, high, c.high);
            } else if (scalar) {
                low = (low & ~FLOAT) | (even.apply(sse, format, low & FLOAT, c.low & FLOAT) & FLOAT);
            } else {
                low = both(sse, low, c.low);
                high = both(sse, high, c.high);
            }
            SseControl.settle(c);
            c.xmm[d] = low;
            c.xmm[d + 1] = high;
        }

        private long both(Sse sse, long a, long b) {
            return (even.apply(sse, format, a & FLOAT, b & FLOAT) & FLOAT)
                    | odd.apply(sse, format, a >>> 32, b >>> 32) << 32;
        }
    }

    /** Each pair of neighbours becomes one element. */
    private static final class Horizontal extends VectorOp {
        private final int d;
        private final Vec s;
        private final Format format;
        private final Element f;

        Horizontal(Insn i, Format format, Element f) {
            super(i);
            this.d = 2 * i.reg();
            this.s = Vec.of(i, 1, false);
            this.format = format;
            this.f = f;
        }

        @Override
        void work(Cpu c) {
            s.read(c);
            c.sse.start(c.mxcsr);
            long low = pairs(c.sse, c.xmm[d], c.xmm[d + 1]);
            long high = pairs(c.sse, c.low, c.high);
            SseControl.settle(c);
            c.xmm[d] = low;
            c.xmm[d + 1] = high;
        }

        private long pairs(Sse sse, long low, long high) {
            if (format == Format.DOUBLE) {
                return f.apply(sse, format, low, high);
            }
            return f.apply(sse, format, low & FLOAT, low >>> 32)
                    | f.apply(sse, format, high & FLOAT, high >>> 32) << 32;
        }
    }

    /** DPPS and DPPD: products where the immediate's upper bits say so, their sum where its lower ones do. */
    private static final class DotProduct extends VectorOp {
        private final int d;
        private final Vec s;
        private final Format format;
        private final int immediate;

        DotProduct(Insn i, Format format) {
            super(i);
            this.d = 2 * i.reg();
            this.s = Vec.of(i, 1, false);
            this.format = format;
            this.immediate = (int) i.immediate();
        }

        @Override
        void work(Cpu c) {
            s.read(c);
            Sse sse = c.sse;
            sse.start(c.mxcsr);
            long low;
            long high;
            if (format == Format.DOUBLE) {
                long first = product(sse, 0, c.xmm[d], c.low);
                long second = product(sse, 1, c.xmm[d + 1], c.high);
                SseControl.endStep(c);
                long sum = add(sse, first, second);
                low = placed(0, sum);
                high = placed(1, sum);
            } else {
                long[] products = new long[4];
                for (int n = 0; n < 4; n++) {
                    long a = c.xmm[d + (n >> 1)] >>> 32 * (n & 1) & FLOAT;
                    long b = (n < 2 ? c.low : c.high) >>> 32 * (n & 1) & FLOAT;
                    products[n] = product(sse, n, a, b);
                }
                SseControl.endStep(c);
                long first = add(sse, products[0], products[1]);
                long second = add(sse, products[2], products[3]);
                SseControl.endStep(c);
                long sum = add(sse, first, second);
                low = placed(0, sum) | placed(1, sum) << 32;
                high = placed(2, sum) | placed(3, sum) << 32;
            }
            SseControl.settle(c);
            c.xmm[d] = low;
            c.xmm[d + 1] = high;
        }

        private long add(Sse sse, long a, long b) {
            return sse.binary(format, Sse.Op.ADD, a, b);
        }

        private long product(Sse sse, int n, long a, long b) {
            return (immediate >> (4 + n) & 1) != 0 ? sse.binary(format, Sse.Op.MUL, a, b) : 0;
        }

        private long placed(int n, long sum) {
            return (immediate >> n & 1) != 0 ? sum : 0;
        }
    }

    /** UCOMIS and COMIS: into ZF, PF and CF. */
    private static final class Compare extends VectorOp {
        private final int d;
        private final Vec s;
        private final Format format;
        private final boolean signals;

        Compare(Insn i, Format format, boolean signals) {
            super(i);
            this.d = 2 * i.reg();
            this.s = Vec.of(i, 1, true);
            this.format = format;
            this.signals = signals;
        }

        @Override
        void work(Cpu c) {
            s.read(c);
            c.sse.start(c.mxcsr);
            int order = c.sse.compare(format, c.xmm[d], c.low, signals);
            SseControl.settle(c);
            c.arithmetic(X87Arithmetic.eflags(order));
        }
    }
}
