// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.op;

import io.splitvisor.vcpu.cpu.Cpu;
import io.splitvisor.vcpu.decode.Arg;
import io.splitvisor.vcpu.decode.Insn;
import java.util.Map;

/** Near jumps, calls and returns, loops. On entry {@code rip} is the address of the next instruction. */
final class Flow {
    static final Map<String, Lowering> LOWERINGS = Map.of(
            "jmp", Flow::jmp,
            "call", Flow::call,
            "ret", Ret::new,
            "loop", i -> new Loop(i, Loop.ALWAYS),
            "loope", i -> new Loop(i, Loop.WHILE_ZERO),
            "loopne", i -> new Loop(i, Loop.WHILE_NOT_ZERO),
            "jcxz", i -> new Loop(i, Loop.COUNT_ZERO));

    private Flow() {}

    private static Op jmp(Insn i) {
        return switch (i.row().args().get(0).kind()) {
            case REL -> new Jmp(i);
            case RM -> new JmpIndirect(i);
            default -> FarFlow.jmp(i);
        };
    }

    private static Op call(Insn i) {
        return switch (i.row().args().get(0).kind()) {
            case REL -> new Call(i);
            case RM -> new CallIndirect(i);
            default -> FarFlow.call(i);
        };
    }

    static Op conditional(Insn i) {
        return new Jcc(i);
    }

    private abstract static class Branch extends Op {
        final int size;
        final long mask;

        Branch(Insn i) {
            this.size = i.operandBytes();
            this.mask = -1L >>> (64 - 8 * size);
        }

        /** Checks a branch target before anything changes. */
        final long check(Cpu c, long target) {
            if (size == 8) {
                if (target << 16 >> 16 != target) {
                    throw c.gp(0);
                }
            } else if (!c.seg[Cpu.CS].covers(target)) {
                throw c.gp(0);
            }
            return target;
        }
    }

    private static final class Jmp extends Branch {
        private final long distance;

        Jmp(Insn i) {
            super(i);
            this.distance = i.immediate();
        }

        @Override
        public void exec(Cpu c) {
            c.rip = check(c, c.rip + distance & mask);
        }
    }

    private static final class Jcc extends Branch {
        private final int condition;
        private final long distance;

        Jcc(Insn i) {
            super(i);
            this.condition = i.opcode() & 15;
            this.distance = i.immediate();
        }

        @Override
        public void exec(Cpu c) {
            if (c.condition(condition)) {
                c.rip = check(c, c.rip + distance & mask);
            }
        }
    }

    private static final class JmpIndirect extends Branch {
        private final Operand target;

        JmpIndirect(Insn i) {
            super(i);
            this.target = Operand.of(i, 0);
        }

        @Override
        public void exec(Cpu c) {
            c.rip = check(c, target.read(c));
        }
    }

    private static final class Call extends Branch {
        private final long distance;

        Call(Insn i) {
            super(i);
            this.distance = i.immediate();
        }

        @Override
        public void exec(Cpu c) {
            long to = check(c, c.rip + distance & mask);
            c.push(c.rip, size);
            c.rip = to;
        }
    }

    private static final class CallIndirect extends Branch {
        private final Operand target;

        CallIndirect(Insn i) {
            super(i);
            this.target = Operand.of(i, 0);
        }

        @Override
        public void exec(Cpu c) {
            long to = check(c, target.read(c));
            c.push(c.rip, size);
            c.rip = to;
        }
    }

    private static final class Ret extends Branch {
        private final long bytes;

        Ret(Insn i) {
            super(i);
            boolean dropsMore = !i.row().args().isEmpty() && i.row().args().get(0) == Arg.Iw;
            this.bytes = size + (dropsMore ? i.immediate() : 0);
        }

        @Override
        public void exec(Cpu c) {
            c.rip = check(c, c.peek(0, size));
            c.drop(bytes);
        }
    }

    private static final class Loop extends Branch {
        static final int ALWAYS = 0;
        static final int WHILE_ZERO = 1;
        static final int WHILE_NOT_ZERO = 2;
        static final int COUNT_ZERO = 3;

        private final int kind;
        private final long distance;
        private final int countSize;
        private final long countMask;

        Loop(Insn i, int kind) {
            super(i);
            this.kind = kind;
            this.distance = i.immediate();
            this.countSize = i.addressBytes();
            this.countMask = -1L >>> (64 - 8 * countSize);
        }

        @Override
        public void exec(Cpu c) {
            long count = c.r[Cpu.RCX] - (kind == COUNT_ZERO ? 0 : 1) & countMask;
            boolean taken =
                    switch (kind) {
                        case ALWAYS -> count != 0;
                        case WHILE_ZERO -> count != 0 && c.zf();
                        case WHILE_NOT_ZERO -> count != 0 && !c.zf();
                        default -> count == 0;
                    };
            long to = taken ? check(c, c.rip + distance & mask) : c.rip;
            if (kind != COUNT_ZERO) {
                c.set(Cpu.RCX, countSize, count);
            }
            c.rip = to;
        }
    }
}
