// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.op;

import io.splitvisor.vcpu.cpu.Cpu;
import io.splitvisor.vcpu.cpu.Fpu;
import io.splitvisor.vcpu.decode.Insn;
import io.splitvisor.vcpu.fp.Constant;
import io.splitvisor.vcpu.fp.Format;
import io.splitvisor.vcpu.fp.X87;
import java.util.HashMap;
import java.util.Map;

/** Loads of the x87, and moves between its registers. What is moved whole keeps its encoding, sensible or not. */
final class X87Moves {
    static final Map<String, Lowering> LOWERINGS = new HashMap<>();

    static {
        LOWERINGS.put("fld", i -> i.hasMemory() && sizeOf(i) < 10 ? new Load(i, X87Source.of(i)) : new LoadWhole(i));
        LOWERINGS.put("fild", i -> new Load(i, X87Source.of(i)));
        LOWERINGS.put("fbld", i -> new Load(i, X87Decimal.source(i)));
        for (Constant constant : Constant.values()) {
            LOWERINGS.put(
                    "fld" + constant.suffix(),
                    i -> new Load(i, (c, f, to) -> {
                        constant.load(f.math.rounding(), to);
                        return true;
                    }));
        }
        LOWERINGS.put("fxch", Exchange::new);
        String[] conditions = {"b", "e", "be", "u"};
        for (int n = 0; n < conditions.length; n++) {
            int code = 2 + 2 * n + (n == 3 ? 2 : 0);
            LOWERINGS.put("fcmov" + conditions[n], i -> new Conditional(i, code));
            LOWERINGS.put("fcmovn" + conditions[n], i -> new Conditional(i, code + 1));
        }
    }

    private X87Moves() {}

    private static int sizeOf(Insn i) {
        return i.row().args().get(0).size(i);
    }

    /** Pushes a number that is converted. */
    private static final class Load extends X87Op {
        private final X87Source source;

        Load(Insn i, X87Source source) {
            super(i);
            this.source = source;
        }

        @Override
        void work(Cpu c, Fpu f) {
            X87 m = f.math;
            source.load(c, f, m.a);
            boolean delivers;
            if (f.isEmpty(-1)) {
                m.widen();
                delivers = f.settle();
            } else {
                delivers = f.overflow();
            }
            if (delivers) {
                f.push(m.r);
            }
        }
    }

    /** Pushes 80 bits. */
    private static final class LoadWhole extends X87Op {
        LoadWhole(Insn i) {
            super(i);
        }

        @Override
        void work(Cpu c, Fpu f) {
            boolean there = true;
            long significand;
            int signExponent;
            if (ea != null) {
                long at = ea.linear(c, 10, false);
                significand = c.mmu.load64(at);
                signExponent = (int) c.mmu.load16(at + 8);
            } else {
                significand = f.significand[f.st(register)];
                signExponent = f.signExponent[f.st(register)];
                there = !f.isEmpty(register);
            }
            if (!there) {
                if (f.underflow()) {
                    f.push(f.math.r);
                }
            } else if (f.isEmpty(-1)) {
                f.c1(false);
                f.top = f.st(-1);
                f.set(f.top, signExponent, significand);
            } else if (f.overflow()) {
                f.push(f.math.r);
            }
        }
    }

    /** FXCH: what is empty counts as the default NaN, if that exception is masked. */
    private static final class Exchange extends X87Op {
        Exchange(Insn i) {
            super(i);
        }

        @Override
        void work(Cpu c, Fpu f) {
            f.c1(false);
            if (f.isEmpty(0) || f.isEmpty(register)) {
                if (!f.underflow()) {
                    return;
                }
                for (int n : new int[] {0, register}) {
                    if (f.isEmpty(n)) {
                        f.store(n, f.math.r);
                    }
                }
            }
            int a = f.st(0);
            int b = f.st(register);
            long significand = f.significand[a];
            int signExponent = f.signExponent[a];
            f.set(a, f.signExponent[b], f.significand[b]);
            f.set(b, signExponent, significand);
        }
    }

    /** FCMOVcc. */
    private static final class Conditional extends X87Op {
        private final int code;

        Conditional(Insn i, int code) {
            super(i);
            this.code = code;
        }

        @Override
        void work(Cpu c, Fpu f) {
            if (f.isEmpty(0) || f.isEmpty(register)) {
                if (f.underflow()) {
                    f.store(0, f.math.r);
                }
            } else if (c.condition(code)) {
                int from = f.st(register);
                f.set(f.top, f.signExponent[from], f.significand[from]);
            }
        }
    }

    static Format format(int size) {
        return size == 4 ? Format.FLOAT : Format.DOUBLE;
    }
}
