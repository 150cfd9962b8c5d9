// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.op;

import io.splitvisor.vcpu.cpu.Cpu;
import io.splitvisor.vcpu.cpu.Eflags;
import io.splitvisor.vcpu.cpu.Fpu;
import io.splitvisor.vcpu.decode.Arg;
import io.splitvisor.vcpu.decode.Insn;
import io.splitvisor.vcpu.fp.Transcendentals;
import io.splitvisor.vcpu.fp.X87;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;

/** Arithmetic and comparisons of the x87. */
final class X87Arithmetic {
    static final Map<String, Lowering> LOWERINGS = new HashMap<>();

    static {
        for (X87.Op op : X87.Op.values()) {
            String name = op.name().toLowerCase(java.util.Locale.ROOT);
            LOWERINGS.put("f" + name, i -> new Binary(i, op, false));
            LOWERINGS.put("fi" + name, i -> new Binary(i, op, false));
            LOWERINGS.put("f" + name + "p", i -> new Binary(i, op, true));
        }
        unary("fsqrt", X87::root);
        unary("frndint", X87::integral);
        unary("f2xm1", m -> m.functions.powerMinusOne());
        trigonometric("fsin", m -> m.functions.sine(), false);
        trigonometric("fcos", m -> m.functions.cosine(), false);
        trigonometric("fptan", m -> m.functions.tangent(), true);
        trigonometric("fsincos", m -> m.functions.sineAndCosine(), true);
        LOWERINGS.put("fscale", i -> new OfTwo(i, X87::scale, false));
        LOWERINGS.put("fpatan", i -> new OfTwo(i, m -> m.functions.arcTangent(), true));
        LOWERINGS.put("fyl2x", i -> new OfTwo(i, m -> m.functions.logarithm(), true));
        LOWERINGS.put("fyl2xp1", i -> new OfTwo(i, m -> m.functions.logarithmPlusOne(), true));
        LOWERINGS.put("fprem", i -> new Remainder(i, false));
        LOWERINGS.put("fprem1", i -> new Remainder(i, true));
        LOWERINGS.put("fxtract", Extract::new);
        for (String signals : new String[] {"fcom", "fucom", "ficom"}) {
            boolean quiet = signals.startsWith("fu");
            LOWERINGS.put(signals, i -> new Compare(i, !quiet, false, 0));
            LOWERINGS.put(signals + "p", i -> new Compare(i, !quiet, false, 1));
            LOWERINGS.put(signals + "pp", i -> new Compare(i, !quiet, false, 2));
            LOWERINGS.put(signals + "i", i -> new Compare(i, !quiet, true, 0));
            LOWERINGS.put(signals + "ip", i -> new Compare(i, !quiet, true, 1));
        }
        LOWERINGS.put("ftst", Test::new);
    }

    private X87Arithmetic() {}

    private static void unary(String mnemonic, Consumer<X87> function) {
        LOWERINGS.put(mnemonic, i -> new Unary(i, function));
    }

    private static void trigonometric(String mnemonic, Consumer<X87> function, boolean pushes) {
        LOWERINGS.put(mnemonic, i -> new Trigonometric(i, function, pushes));
    }

    private static final class Binary extends X87Op {
        private final X87Source source;
        private final X87.Op op;
        private final int d;
        private final boolean pops;
        private final boolean reversed;

        Binary(Insn i, X87.Op op, boolean pops) {
            super(i);
            this.reversed = i.row().args().get(0) == Arg.Ti;
            this.source = X87Source.of(i);
            this.op = op;
            this.d = reversed ? register : 0;
            this.pops = pops;
        }

        @Override
        void work(Cpu c, Fpu f) {
            X87 m = f.math;
            boolean there = source.load(c, f, reversed ? m.a : m.b);
            f.load(0, reversed ? m.b : m.a);
            boolean delivers;
            if (there && !f.isEmpty(0)) {
                m.binary(op);
                delivers = f.settle();
            } else {
                delivers = f.underflow();
            }
            if (delivers) {
                f.store(d, m.r);
                if (pops) {
                    f.pop();
                }
            }
        }
    }

    /** ST(0) becomes a function of itself. */
    private static final class Unary extends X87Op {
        private final Consumer<X87> function;

        Unary(Insn i, Consumer<X87> function) {
            super(i);
            this.function = function;
        }

        @Override
        void work(Cpu c, Fpu f) {
            f.load(0, f.math.a);
            boolean delivers;
            if (f.isEmpty(0)) {
                delivers = f.underflow();
            } else {
                function.accept(f.math);
                delivers = f.settle();
            }
            if (delivers) {
                f.store(0, f.math.r);
            }
        }
    }

    /** As {@link Unary}, with C2 set where the operand is out of range; some push a second result, {@code math.b}. */
    private static final class Trigonometric extends X87Op {
        private final Consumer<X87> function;
        private final boolean pushes;

        Trigonometric(Insn i, Consumer<X87> function, boolean pushes) {
            super(i);
            this.function = function;
            this.pushes = pushes;
        }

        @Override
        void work(Cpu c, Fpu f) {
            X87 m = f.math;
            f.load(0, m.a);
            f.status &= ~Fpu.C2;
            if (f.isEmpty(0) || (pushes && !f.isEmpty(-1))) {
                boolean delivers = f.isEmpty(0) ? f.underflow() : f.overflow();
                if (delivers) {
                    m.b.set(m.r);
                    deliver(f);
                }
                return;
            }
            if (Transcendentals.isOutOfRange(m.a)) {
                f.c1(false);
                f.status |= Fpu.C2;
                return;
            }
            function.accept(m);
            if (f.settle()) {
                deliver(f);
            }
        }

        private void deliver(Fpu f) {
            f.store(0, f.math.r);
            if (pushes) {
                f.push(f.math.b);
            }
        }
    }

    /** A function of ST(0) and ST(1); it replaces ST(0), or both. */
    private static final class OfTwo extends X87Op {
        private final Consumer<X87> function;
        private final boolean pops;

        OfTwo(Insn i, Consumer<X87> function, boolean pops) {
            super(i);
            this.function = function;
            this.pops = pops;
        }

        @Override
        void work(Cpu c, Fpu f) {
            f.load(0, f.math.a);
            f.load(1, f.math.b);
            boolean delivers;
            if (f.isEmpty(0) || f.isEmpty(1)) {
                delivers = f.underflow();
            } else {
                function.accept(f.math);
                delivers = f.settle();
            }
            if (delivers) {
                if (pops) {
                    f.pop();
                }
                f.store(0, f.math.r);
            }
        }
    }

    private static final class Remainder extends X87Op {
        private final boolean nearest;

        Remainder(Insn i, boolean nearest) {
            super(i);
            this.nearest = nearest;
        }

        @Override
        void work(Cpu c, Fpu f) {
            X87 m = f.math;
            f.load(0, m.a);
            f.load(1, m.b);
            boolean delivers;
            f.status &= ~Fpu.C2;
            if (f.isEmpty(0) || f.isEmpty(1)) {
                delivers = f.underflow();
            } else {
                m.remainder(nearest);
                delivers = f.settle();
            }
            if (delivers) {
                if (m.quotient() != X87.NONE) {
                    f.codes(codes(m.quotient()));
                }
                f.store(0, m.r);
            }
        }

        private static int codes(int quotient) {
            if (quotient == X87.PARTIAL) {
                return Fpu.C2;
            }
            return ((quotient & 1) != 0 ? Fpu.C1 : 0)
                    | ((quotient & 2) != 0 ? Fpu.C3 : 0)
                    | ((quotient & 4) != 0 ? Fpu.C0 : 0);
        }
    }

    private static final class Extract extends X87Op {
        Extract(Insn i) {
            super(i);
        }

        @Override
        void work(Cpu c, Fpu f) {
            X87 m = f.math;
            f.load(0, m.a);
            boolean delivers;
            if (f.isEmpty(0) || !f.isEmpty(-1)) {
                delivers = f.isEmpty(0) ? f.underflow() : f.overflow();
                m.b.set(m.r);
            } else {
                m.extract();
                delivers = f.settle();
            }
            if (delivers) {
                f.store(0, m.b);
                f.push(m.r);
            }
        }
    }

    /** Into the condition codes, or into EFLAGS. */
    private static final class Compare extends X87Op {
        private final X87Source source;
        private final boolean signals;
        private final boolean flags;
        private final int pops;

        Compare(Insn i, boolean signals, boolean flags, int pops) {
            super(i);
            this.source = X87Source.of(i);
            this.signals = signals;
            this.flags = flags;
            this.pops = pops;
        }

        @Override
        void work(Cpu c, Fpu f) {
            X87 m = f.math;
            boolean there = source.load(c, f, m.b);
            f.load(0, m.a);
            int order = X87.UNORDERED;
            boolean delivers;
            if (there && !f.isEmpty(0)) {
                order = m.compare(signals);
                delivers = f.settle();
            } else {
                delivers = f.underflow();
            }
            if (!delivers) {
                return;
            }
            if (flags) {
                c.arithmetic(eflags(order));
            } else {
                f.codes(codes(order));
            }
            for (int n = 0; n < pops; n++) {
                f.pop();
            }
        }
    }

    private static final class Test extends X87Op {
        Test(Insn i) {
            super(i);
        }

        @Override
        void work(Cpu c, Fpu f) {
            X87 m = f.math;
            f.load(0, m.a);
            m.b.zero(false);
            int order = f.isEmpty(0) ? X87.UNORDERED : m.compare(true);
            boolean delivers = f.isEmpty(0) ? f.underflow() : f.settle();
            if (delivers) {
                f.codes(codes(order));
            }
        }
    }

    private static int codes(int order) {
        return switch (order) {
            case -1 -> Fpu.C0;
            case 0 -> Fpu.C3;
            case 1 -> 0;
            default -> Fpu.C3 | Fpu.C2 | Fpu.C0;
        };
    }

    /** The same as flags: what COMISD and FCOMI tell. */
    static int eflags(int order) {
        return switch (order) {
            case -1 -> Eflags.CF;
            case 0 -> Eflags.ZF;
            case 1 -> 0;
            default -> Eflags.ZF | Eflags.PF | Eflags.CF;
        };
    }
}
