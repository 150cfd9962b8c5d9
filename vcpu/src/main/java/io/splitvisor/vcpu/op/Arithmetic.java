// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.op;

import io.splitvisor.vcpu.cpu.Cpu;
import io.splitvisor.vcpu.decode.Insn;
import java.util.Map;

/** Two-operand arithmetic and logic: ADD to CMP, TEST; and the one-operand INC, DEC, NEG, NOT. */
final class Arithmetic {
    static final Map<String, Lowering> LOWERINGS = Map.ofEntries(
            Map.entry("add", Add::new),
            Map.entry("or", Or::new),
            Map.entry("adc", Adc::new),
            Map.entry("sbb", Sbb::new),
            Map.entry("and", And::new),
            Map.entry("sub", Sub::new),
            Map.entry("xor", Xor::new),
            Map.entry("cmp", Cmp::new),
            Map.entry("test", Test::new),
            Map.entry("inc", Inc::new),
            Map.entry("dec", Dec::new),
            Map.entry("neg", Neg::new),
            Map.entry("not", Not::new));

    private Arithmetic() {}

    /** With a destination and a source. */
    private abstract static class Binary extends Op {
        final Operand d;
        final Operand s;
        final int up;

        Binary(Insn i) {
            this.d = Operand.of(i, 0);
            this.s = Operand.of(i, 1);
            this.up = d.up;
        }
    }

    private static final class Add extends Binary {
        Add(Insn i) {
            super(i);
        }

        @Override
        public void exec(Cpu c) {
            long a = d.readForWrite(c);
            long b = s.read(c);
            long r = a + b;
            d.write(c, r);
            c.flagsAdd(a, b, r, up);
        }
    }

    private static final class Adc extends Binary {
        Adc(Insn i) {
            super(i);
        }

        @Override
        public void exec(Cpu c) {
            long a = d.readForWrite(c);
            long b = s.read(c);
            long r = a + b + (c.carry >>> 63);
            d.write(c, r);
            c.flagsAdd(a, b, r, up);
        }
    }

    private static final class Sub extends Binary {
        Sub(Insn i) {
            super(i);
        }

        @Override
        public void exec(Cpu c) {
            long a = d.readForWrite(c);
            long b = s.read(c);
            long r = a - b;
            d.write(c, r);
            c.flagsSub(a, b, r, up);
        }
    }

    private static final class Sbb extends Binary {
        Sbb(Insn i) {
            super(i);
        }

        @Override
        public void exec(Cpu c) {
            long a = d.readForWrite(c);
            long b = s.read(c);
            long r = a - b - (c.carry >>> 63);
            d.write(c, r);
            c.flagsSub(a, b, r, up);
        }
    }

    private static final class Cmp extends Binary {
        Cmp(Insn i) {
            super(i);
        }

        @Override
        public void exec(Cpu c) {
            long a = d.read(c);
            long b = s.read(c);
            c.flagsSub(a, b, a - b, up);
        }
    }

    private static final class And extends Binary {
        And(Insn i) {
            super(i);
        }

        @Override
        public void exec(Cpu c) {
            long r = d.readForWrite(c) & s.read(c);
            d.write(c, r);
            c.flagsLogic(r, up);
        }
    }

    private static final class Or extends Binary {
        Or(Insn i) {
            super(i);
        }

        @Override
        public void exec(Cpu c) {
            long r = d.readForWrite(c) | s.read(c);
            d.write(c, r);
            c.flagsLogic(r, up);
        }
    }

    private static final class Xor extends Binary {
        Xor(Insn i) {
            super(i);
        }

        @Override
        public void exec(Cpu c) {
            long r = d.readForWrite(c) ^ s.read(c);
            d.write(c, r);
            c.flagsLogic(r, up);
        }
    }

    private static final class Test extends Binary {
        Test(Insn i) {
            super(i);
        }

        @Override
        public void exec(Cpu c) {
            c.flagsLogic(d.read(c) & s.read(c), up);
        }
    }

    /** With a destination only. */
    private abstract static class Unary extends Op {
        final Operand d;
        final int up;

        Unary(Insn i) {
            this.d = Operand.of(i, 0);
            this.up = d.up;
        }
    }

    private static final class Inc extends Unary {
        Inc(Insn i) {
            super(i);
        }

        @Override
        public void exec(Cpu c) {
            long a = d.readForWrite(c);
            long r = a + 1;
            d.write(c, r);
            boolean carry = c.cf();
            c.flagsAdd(a, 1, r, up);
            c.carryOverflow(carry, c.of());
        }
    }

    private static final class Dec extends Unary {
        Dec(Insn i) {
            super(i);
        }

        @Override
        public void exec(Cpu c) {
            long a = d.readForWrite(c);
            long r = a - 1;
            d.write(c, r);
            boolean carry = c.cf();
            c.flagsSub(a, 1, r, up);
            c.carryOverflow(carry, c.of());
        }
    }

    private static final class Neg extends Unary {
        Neg(Insn i) {
            super(i);
        }

        @Override
        public void exec(Cpu c) {
            long a = d.readForWrite(c);
            long r = -a;
            d.write(c, r);
            c.flagsSub(0, a, r, up);
        }
    }

    private static final class Not extends Unary {
        Not(Insn i) {
            super(i);
        }

        @Override
        public void exec(Cpu c) {
            d.write(c, ~d.readForWrite(c));
        }
    }
}
