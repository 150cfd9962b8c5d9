// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.op;

import io.splitvisor.vcpu.cpu.Cpu;
import io.splitvisor.vcpu.cpu.Eflags;
import io.splitvisor.vcpu.decode.Insn;
import java.util.Map;

/** XCHG, XADD, CMPXCHG and its double forms. */
final class Exchanges {
    static final Map<String, Lowering> LOWERINGS = Map.of(
            "xchg", Exchanges::xchg,
            "xadd", Xadd::new,
            "cmpxchg", Cmpxchg::new,
            "cmpxchg8b", CmpxchgDouble::new);

    private Exchanges() {}

    /** 90 is a NOP even where XCHG EAX, EAX would clear the upper half of RAX. */
    private static Op xchg(Insn i) {
        boolean nop = (i.opcode() & 0xf8) == 0x90 && i.opcodeRegister() == 0;
        return nop ? new Moves.Nop() : new Xchg(i);
    }

    private static final class Xchg extends Op {
        private final Operand d;
        private final Operand s;

        Xchg(Insn i) {
            this.d = Operand.of(i, 0);
            this.s = Operand.of(i, 1);
        }

        @Override
        public void exec(Cpu c) {
            long a = d.readForWrite(c);
            long b = s.read(c);
            d.write(c, b);
            s.write(c, a);
        }
    }

    private static final class Xadd extends Op {
        private final Operand d;
        private final Operand s;

        Xadd(Insn i) {
            this.d = Operand.of(i, 0);
            this.s = Operand.of(i, 1);
        }

        @Override
        public void exec(Cpu c) {
            long a = d.readForWrite(c);
            long b = s.read(c);
            long r = a + b;
            if (d instanceof Operand.Memory) {
                d.write(c, r);
                s.write(c, a);
            } else {
                // The sum wins if both are the same register.
                s.write(c, a);
                d.write(c, r);
            }
            c.flagsAdd(a, b, r, d.up);
        }
    }

    /** Writes memory in any case, as the bus sees it; a register only if it equals the accumulator. */
    private static final class Cmpxchg extends Op {
        private final Operand d;
        private final Operand s;

        Cmpxchg(Insn i) {
            this.d = Operand.of(i, 0);
            this.s = Operand.of(i, 1);
        }

        @Override
        public void exec(Cpu c) {
            long a = c.r[Cpu.RAX] & -1L >>> d.up;
            long b = d.readForWrite(c);
            if (a == b) {
                d.write(c, s.read(c));
            } else {
                if (d instanceof Operand.Memory) {
                    d.write(c, b);
                }
                c.set(Cpu.RAX, d.size, b);
            }
            c.flagsSub(a, b, a - b, d.up);
        }
    }

    /** CMPXCHG8B and CMPXCHG16B. */
    private static final class CmpxchgDouble extends Op {
        private final Ea ea;
        private final int half;
        private final boolean locked;

        CmpxchgDouble(Insn i) {
            this.ea = Ea.of(i);
            this.locked = i.lock();
            this.half = i.rexW() ? 8 : 4;
        }

        @Override
        public void exec(Cpu c) {
            long at = ea.linear(c, 2 * half, true);
            if (half == 8 && (at & 15) != 0) {
                throw c.gp(0);
            }
            c.mmu.probeStore(at, 2 * half);
            if (locked) {
                c.mmu.atomics().exclusively(() -> exchange(c, at));
            } else {
                exchange(c, at);
            }
        }

        private boolean exchange(Cpu c, long at) {
            long low = c.mmu.load(at, half);
            long high = c.mmu.load(at + half, half);
            long mask = -1L >>> (64 - 8 * half);
            boolean equal = low == (c.r[Cpu.RAX] & mask) && high == (c.r[Cpu.RDX] & mask);
            c.mmu.store(at, half, equal ? c.r[Cpu.RBX] : low);
            c.mmu.store(at + half, half, equal ? c.r[Cpu.RCX] : high);
            if (!equal) {
                c.set(Cpu.RAX, half, low);
                c.set(Cpu.RDX, half, high);
            }
            long flags = c.eflags() & ~Eflags.ZF;
            c.arithmetic(equal ? flags | Eflags.ZF : flags);
            return equal;
        }
    }
}
