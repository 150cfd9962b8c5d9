// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.op;

import io.splitvisor.vcpu.cpu.Cpu;
import io.splitvisor.vcpu.cpu.Eflags;
import io.splitvisor.vcpu.cpu.Vector;
import io.splitvisor.vcpu.decode.Arg;
import io.splitvisor.vcpu.decode.Insn;
import java.util.Map;

/** PUSH and POP of everything but segment registers, ENTER, LEAVE, BOUND. */
final class Stack {
    static final Map<String, Lowering> LOWERINGS = Map.of(
            "push", i -> isSegment(i) ? SegmentMoves.push(i) : new Push(i),
            "pop", i -> isSegment(i) ? SegmentMoves.pop(i) : new Pop(i),
            "pusha", Pusha::new,
            "popa", Popa::new,
            "pushf", Pushf::new,
            "popf", Popf::new,
            "enter", Enter::new,
            "leave", Leave::new,
            "bound", Bound::new);

    private Stack() {}

    private static boolean isSegment(Insn i) {
        return i.row().args().get(0).kind() == Arg.Kind.FIXED_SEGMENT;
    }

    private static final class Push extends Op {
        private final Operand s;
        private final int size;

        Push(Insn i) {
            this.s = Operand.of(i, 0);
            this.size = i.operandBytes();
        }

        @Override
        public void exec(Cpu c) {
            c.push(s.read(c), size);
        }
    }

    /** The address of a memory destination counts with RSP as it is after the pop. */
    private static final class Pop extends Op {
        private final Operand d;
        private final int size;

        Pop(Insn i) {
            this.d = Operand.of(i, 0);
            this.size = i.operandBytes();
        }

        @Override
        public void exec(Cpu c) {
            long value = c.peek(0, size);
            long before = c.r[Cpu.RSP];
            c.drop(size);
            if (d instanceof Operand.Memory) {
                long after = c.r[Cpu.RSP];
                // The store may fault: until it has not, RSP is what it was.
                boolean done = false;
                try {
                    d.write(c, value);
                    done = true;
                } finally {
                    c.r[Cpu.RSP] = done ? after : before;
                }
            } else {
                d.write(c, value);
            }
        }
    }

    private static final class Pusha extends Op {
        private final int size;

        Pusha(Insn i) {
            this.size = i.operandBytes();
        }

        @Override
        public void exec(Cpu c) {
            long sp = c.r[Cpu.RSP];
            for (int n = 0; n < 8; n++) {
                sp = sp - size & c.stackMask;
                c.mmu.store(c.linear(Cpu.SS, sp, size, true), size, c.r[n]);
            }
            c.stackPointer(sp);
        }
    }

    private static final class Popa extends Op {
        private final int size;

        Popa(Insn i) {
            this.size = i.operandBytes();
        }

        @Override
        public void exec(Cpu c) {
            long[] values = new long[8];
            for (int n = 0; n < 8; n++) {
                values[7 - n] = c.peek(n * size, size);
            }
            for (int n = 0; n < 8; n++) {
                if (n != Cpu.RSP) {
                    c.set(n, size, values[n]);
                }
            }
            c.drop(8L * size);
        }
    }

    /** Virtual 8086 mode may look at IF only with an I/O privilege level of 3. */
    private static void requireFlags(Cpu c) {
        if (c.virtual8086() && (c.flags & Eflags.IOPL) != Eflags.IOPL) {
            throw c.gp(0);
        }
    }

    private static final class Pushf extends Op {
        private final int size;

        Pushf(Insn i) {
            this.size = i.operandBytes();
        }

        @Override
        public void exec(Cpu c) {
            requireFlags(c);
            c.push(c.eflags() & ~(Eflags.VM | Eflags.RF), size);
        }
    }

    /** IOPL changes only in ring 0, IF only if the privilege level allows. VM, VIF and VIP stay. */
    private static final class Popf extends Op {
        private final int size;

        Popf(Insn i) {
            this.size = i.operandBytes();
        }

        @Override
        public void exec(Cpu c) {
            requireFlags(c);
            long value = c.peek(0, size);
            c.drop(size);
            long may = Eflags.ARITHMETIC | Eflags.TF | Eflags.DF | Eflags.NT | Eflags.AC | Eflags.ID;
            if (c.cpl == 0 || c.realMode()) {
                may |= Eflags.IOPL;
            }
            if (c.realMode() || c.cpl <= (c.flags & Eflags.IOPL) >> 12) {
                may |= Eflags.IF;
            }
            if (size == 2) {
                may &= 0xffff;
            }
            c.eflags(((c.eflags() & ~may) | (value & may)) & ~(long) Eflags.RF);
            c.bankChanged();
            // TF, or an interrupt that waited for IF.
            c.attention = true;
        }
    }

    private static final class Enter extends Op {
        private final int size;
        private final long bytes;
        private final int level;

        Enter(Insn i) {
            this.size = i.operandBytes();
            this.bytes = i.immediate();
            this.level = (int) i.immediate2() & 31;
        }

        @Override
        public void exec(Cpu c) {
            long sp = c.r[Cpu.RSP] - size & c.stackMask;
            c.mmu.store(c.linear(Cpu.SS, sp, size, true), size, c.r[Cpu.RBP]);
            long frame = sp;
            if (level > 0) {
                long bp = c.r[Cpu.RBP];
                for (int n = 1; n < level; n++) {
                    bp = bp - size & c.stackMask;
                    long link = c.mmu.load(c.linear(Cpu.SS, bp, size, false), size);
                    sp = sp - size & c.stackMask;
                    c.mmu.store(c.linear(Cpu.SS, sp, size, true), size, link);
                }
                sp = sp - size & c.stackMask;
                c.mmu.store(c.linear(Cpu.SS, sp, size, true), size, frame);
            }
            sp = sp - bytes & c.stackMask;
            c.mmu.probeStore(c.linear(Cpu.SS, sp, size, true), size);
            c.set(Cpu.RBP, size, frame);
            c.stackPointer(sp);
        }
    }

    private static final class Leave extends Op {
        private final int size;

        Leave(Insn i) {
            this.size = i.operandBytes();
        }

        @Override
        public void exec(Cpu c) {
            long bp = c.r[Cpu.RBP] & c.stackMask;
            long value = c.mmu.load(c.linear(Cpu.SS, bp, size, false), size);
            c.stackPointer(bp + size & c.stackMask);
            c.set(Cpu.RBP, size, value);
        }
    }

    private static final class Bound extends Op {
        private final Operand index;
        private final Ea ea;
        private final int size;

        Bound(Insn i) {
            this.index = Operand.of(i, 0);
            this.ea = Ea.of(i);
            this.size = i.operandBytes();
        }

        @Override
        public void exec(Cpu c) {
            long at = ea.linear(c, 2 * size, false);
            long value = index.readSigned(c);
            long low = c.mmu.load(at, size) << index.up >> index.up;
            long high = c.mmu.load(at + size, size) << index.up >> index.up;
            if (value < low || value > high) {
                throw c.fault.exception(Vector.BR);
            }
        }
    }
}
