// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.op;

import io.splitvisor.vcpu.cpu.Cpu;
import io.splitvisor.vcpu.decode.Arg;
import io.splitvisor.vcpu.decode.Insn;

/**
 * The commonest arithmetic once more, in a form that is small and direct: 32 or 64 bits, a register with a register or
 * with an immediate. What runs most is a matter of how much of it fits into the host's caches, so one object of 24 bytes
 * holds everything.
 */
final class HotArithmetic {
    private HotArithmetic() {}

    /** The small form of an instruction, or null if it has none. */
    static Op lower(Insn i) {
        if (i.row().args().size() != 2 || i.lock() || i.hasMemory()) {
            return null;
        }
        Arg.Kind to = i.row().args().get(0).kind();
        Arg.Kind from = i.row().args().get(1).kind();
        int size = i.row().args().get(0).size(i);
        if (size < 4 || (to != Arg.Kind.RM && to != Arg.Kind.REG && to != Arg.Kind.ACC)) {
            return null;
        }
        int d = number(i, to);
        boolean register = from == Arg.Kind.RM || from == Arg.Kind.REG;
        if (!register && from != Arg.Kind.IMM) {
            return null;
        }
        int s = register ? number(i, from) : (int) i.immediate();
        int up = 64 - 8 * size;
        return switch (i.row().mnemonic()) {
            case "add" -> register ? new AddRegister(d, s, up) : new AddImmediate(d, s, up);
            case "sub" -> register ? new SubRegister(d, s, up) : new SubImmediate(d, s, up);
            case "and" -> register ? new AndRegister(d, s, up) : new AndImmediate(d, s, up);
            case "or" -> register ? new OrRegister(d, s, up) : new OrImmediate(d, s, up);
            case "xor" -> register ? new XorRegister(d, s, up) : new XorImmediate(d, s, up);
            case "cmp" -> register ? new CmpRegister(d, s, up) : new CmpImmediate(d, s, up);
            case "test" -> register ? new TestRegister(d, s, up) : new TestImmediate(d, s, up);
            default -> null;
        };
    }

    private static int number(Insn i, Arg.Kind kind) {
        return switch (kind) {
            case RM -> i.rm();
            case REG -> i.reg();
            default -> Cpu.RAX;
        };
    }

    private abstract static class WithRegister extends Op {
        final byte d;
        final byte s;
        final byte up;

        WithRegister(int d, int s, int up) {
            this.d = (byte) d;
            this.s = (byte) s;
            this.up = (byte) up;
        }
    }

    private abstract static class WithImmediate extends Op {
        final byte d;
        final byte up;
        final int s;

        WithImmediate(int d, int s, int up) {
            this.d = (byte) d;
            this.s = s;
            this.up = (byte) up;
        }
    }

    private static final class AddRegister extends WithRegister {
        AddRegister(int d, int s, int up) {
            super(d, s, up);
        }

        @Override
        public void exec(Cpu c) {
            long a = c.r[d];
            long b = c.r[s];
            long r = a + b;
            c.r[d] = r << up >>> up;
            c.flagsAdd(a, b, r, up);
        }
    }

    private static final class AddImmediate extends WithImmediate {
        AddImmediate(int d, int s, int up) {
            super(d, s, up);
        }

        @Override
        public void exec(Cpu c) {
            long a = c.r[d];
            long b = s;
            long r = a + b;
            c.r[d] = r << up >>> up;
            c.flagsAdd(a, b, r, up);
        }
    }

    private static final class SubRegister extends WithRegister {
        SubRegister(int d, int s, int up) {
            super(d, s, up);
        }

        @Override
        public void exec(Cpu c) {
            long a = c.r[d];
            long b = c.r[s];
            long r = a - b;
            c.r[d] = r << up >>> up;
            c.flagsSub(a, b, r, up);
        }
    }

    private static final class SubImmediate extends WithImmediate {
        SubImmediate(int d, int s, int up) {
            super(d, s, up);
        }

        @Override
        public void exec(Cpu c) {
            long a = c.r[d];
            long b = s;
            long r = a - b;
            c.r[d] = r << up >>> up;
            c.flagsSub(a, b, r, up);
        }
    }

    private static final class AndRegister extends WithRegister {
        AndRegister(int d, int s, int up) {
            super(d, s, up);
        }

        @Override
        public void exec(Cpu c) {
            long a = c.r[d];
            long b = c.r[s];
            long r = a & b;
            c.r[d] = r << up >>> up;
            c.flagsLogic(r, up);
        }
    }

    private static final class AndImmediate extends WithImmediate {
        AndImmediate(int d, int s, int up) {
            super(d, s, up);
        }

        @Override
        public void exec(Cpu c) {
            long a = c.r[d];
            long b = s;
            long r = a & b;
            c.r[d] = r << up >>> up;
            c.flagsLogic(r, up);
        }
    }

    private static final class OrRegister extends WithRegister {
        OrRegister(int d, int s, int up) {
            super(d, s, up);
        }

        @Override
        public void exec(Cpu c) {
            long a = c.r[d];
            long b = c.r[s];
            long r = a | b;
            c.r[d] = r << up >>> up;
            c.flagsLogic(r, up);
        }
    }

    private static final class OrImmediate extends WithImmediate {
        OrImmediate(int d, int s, int up) {
            super(d, s, up);
        }

        @Override
        public void exec(Cpu c) {
            long a = c.r[d];
            long b = s;
            long r = a | b;
            c.r[d] = r << up >>> up;
            c.flagsLogic(r, up);
        }
    }

    private static final class XorRegister extends WithRegister {
        XorRegister(int d, int s, int up) {
            super(d, s, up);
        }

        @Override
        public void exec(Cpu c) {
            long a = c.r[d];
            long b = c.r[s];
            long r = a ^ b;
            c.r[d] = r << up >>> up;
            c.flagsLogic(r, up);
        }
    }

    private static final class XorImmediate extends WithImmediate {
        XorImmediate(int d, int s, int up) {
            super(d, s, up);
        }

        @Override
        public void exec(Cpu c) {
            long a = c.r[d];
            long b = s;
            long r = a ^ b;
            c.r[d] = r << up >>> up;
            c.flagsLogic(r, up);
        }
    }

    private static final class CmpRegister extends WithRegister {
        CmpRegister(int d, int s, int up) {
            super(d, s, up);
        }

        @Override
        public void exec(Cpu c) {
            long a = c.r[d];
            long b = c.r[s];
            long r = a - b;
            c.flagsSub(a, b, r, up);
        }
    }

    private static final class CmpImmediate extends WithImmediate {
        CmpImmediate(int d, int s, int up) {
            super(d, s, up);
        }

        @Override
        public void exec(Cpu c) {
            long a = c.r[d];
            long b = s;
            long r = a - b;
            c.flagsSub(a, b, r, up);
        }
    }

    private static final class TestRegister extends WithRegister {
        TestRegister(int d, int s, int up) {
            super(d, s, up);
        }

        @Override
        public void exec(Cpu c) {
            long a = c.r[d];
            long b = c.r[s];
            long r = a & b;
            c.flagsLogic(r, up);
        }
    }

    private static final class TestImmediate extends WithImmediate {
        TestImmediate(int d, int s, int up) {
            super(d, s, up);
        }

        @Override
        public void exec(Cpu c) {
            long a = c.r[d];
            long b = s;
            long r = a & b;
            c.flagsLogic(r, up);
        }
    }
}
