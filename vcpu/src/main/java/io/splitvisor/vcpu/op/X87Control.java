// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.op;

import io.splitvisor.vcpu.cpu.Cpu;
import io.splitvisor.vcpu.cpu.Fpu;
import io.splitvisor.vcpu.cpu.SystemRegisters;
import io.splitvisor.vcpu.cpu.Vector;
import io.splitvisor.vcpu.decode.Insn;
import io.splitvisor.vcpu.fp.Unpacked;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.IntUnaryOperator;

/** The x87's stack, signs, and control and status words. Names with N do not raise what waits. */
final class X87Control {
    static final Map<String, Lowering> LOWERINGS = new HashMap<>();

    private static final int SIGN = 0x8000;

    static {
        working("fnop", (f, n) -> {});
        working("fincstp", (f, n) -> {
            f.top = f.st(1);
            f.c1(false);
        });
        working("fdecstp", (f, n) -> {
            f.top = f.st(-1);
            f.c1(false);
        });
        working("ffree", (f, n) -> {
            f.free(n);
            f.c1(false);
        });
        working("ffreep", (f, n) -> {
            f.free(n);
            f.pop();
            f.c1(false);
        });
        working("fchs", (f, n) -> sign(f, old -> old ^ SIGN));
        working("fabs", (f, n) -> sign(f, old -> old & ~SIGN));
        working("fxam", (f, n) -> examine(f));
        for (String ignored : new String[] {"fneni(8087only)", "fndisi(8087only)", "fnsetpm(287only)"}) {
            control(ignored, c -> {});
        }
        control("fninit", c -> c.fpu.init());
        control("fnclex", c -> c.fpu.clearExceptions());
        LOWERINGS.put("fwait", i -> new FlagOps.Simple(X87Control::await));
        LOWERINGS.put("fnstcw", i -> store(i, f -> f.control));
        LOWERINGS.put("fnstsw", i -> store(i, Fpu::statusWord));
        LOWERINGS.put("fldcw", X87Control::loadControl);
    }

    private X87Control() {}

    @FunctionalInterface
    private interface Work {
        void apply(Fpu f, int register);
    }

    @FunctionalInterface
    private interface Word {
        int of(Fpu f);
    }

    private static void working(String mnemonic, Work work) {
        LOWERINGS.put(mnemonic, i -> new X87Op(i) {
            @Override
            void work(Cpu c, Fpu f) {
                work.apply(f, register);
            }
        });
    }

    private static void control(String mnemonic, Consumer<Cpu> action) {
        LOWERINGS.put(
                mnemonic,
                i -> new FlagOps.Simple(c -> {
                    X87Op.available(c);
                    action.accept(c);
                }));
    }

    private static Op store(Insn i, Word word) {
        Operand d = Operand.of(i, 0);
        return new FlagOps.Simple(c -> {
            X87Op.available(c);
            d.write(c, word.of(c.fpu));
        });
    }

    private static Op loadControl(Insn i) {
        Operand s = Operand.of(i, 0);
        return new FlagOps.Simple(c -> {
            X87Op.available(c);
            X87Op.noPending(c);
            c.fpu.controlWord((int) s.read(c));
        });
    }

    /** FWAIT heeds TS only where CR0.MP says so, and EM not at all. */
    private static void await(Cpu c) {
        long mask = SystemRegisters.CR0_MP | SystemRegisters.CR0_TS;
        if ((c.sys.cr0 & mask) == mask) {
            throw c.fault.exception(Vector.NM);
        }
        X87Op.noPending(c);
    }

    private static void sign(Fpu f, IntUnaryOperator change) {
        f.c1(false);
        if (!f.isEmpty(0)) {
            f.signExponent[f.top] = change.applyAsInt(f.signExponent[f.top]);
        } else if (f.underflow()) {
            f.store(0, f.math.r);
        }
    }

    private static void examine(Fpu f) {
        Unpacked a = f.math.a;
        f.load(0, a);
        int kind = f.isEmpty(0)
                ? Fpu.C3 | Fpu.C0
                : switch (a.kind) {
                    case ZERO -> Fpu.C3;
                    case FINITE -> a.denormal ? Fpu.C3 | Fpu.C2 : Fpu.C2;
                    case INFINITE -> Fpu.C2 | Fpu.C0;
                    case NAN -> Fpu.C0;
                    case UNSUPPORTED -> 0;
                };
        boolean negative = (f.signExponent[f.top] & SIGN) != 0;
        f.codes(kind | (negative ? Fpu.C1 : 0));
    }
}
