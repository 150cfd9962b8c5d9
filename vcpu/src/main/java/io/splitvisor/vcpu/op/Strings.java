// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.op;

import io.splitvisor.vcpu.cpu.Cpu;
import io.splitvisor.vcpu.cpu.Eflags;
import io.splitvisor.vcpu.decode.Arg;
import io.splitvisor.vcpu.decode.Insn;
import java.lang.foreign.MemorySegment;
import java.util.Map;

/**
 * String instructions with their repeat prefixes. Registers advance with every repetition, so that a fault or an
 * interrupt finds them where the guest expects; a long repetition leaves its block now and then and starts again.
 */
final class Strings {
    static final Map<String, Lowering> LOWERINGS = Map.of(
            "movs", Movs::new,
            "stos", Stos::new,
            "lods", Lods::new,
            "scas", Scas::new,
            "cmps", Cmps::new,
            "ins", Ins::new,
            "outs", Outs::new);

    /** Repetitions before the processor looks for interrupts and its budget again. */
    private static final int CHUNK = 4096;

    private Strings() {}

    abstract static class StringOp extends Op {
        final int size;
        /** Its distance from the start of the block. */
        private final int start;

        private final int repeat;
        private final boolean compares;
        private final int addressBytes;
        private final long addressMask;
        private final int source;

        StringOp(Insn i, boolean compares) {
            this.size = i.row().args().get(0).kind() == Arg.Kind.PORT
                    ? i.row().args().get(1).size(i)
                    : i.row().args().get(0).size(i);
            this.start = i.start();
            this.repeat = i.repeat();
            this.compares = compares;
            this.addressBytes = i.addressBytes();
            this.addressMask = -1L >>> (64 - 8 * addressBytes);
            this.source = i.segmentOverride() == Insn.NO_SEGMENT ? Cpu.DS : i.segmentOverride();
        }

        /** What has to be permitted before the first repetition, even if there is none. */
        void permit(Cpu c) {}

        /** One repetition: all its accesses, then its register changes. */
        abstract void once(Cpu c);

        /** Several repetitions at once where that is possible; returns how many, possibly none. */
        long bulk(Cpu c, long most) {
            return 0;
        }

        @Override
        public final void exec(Cpu c) {
            if (repeat == 0) {
                once(c);
                return;
            }
            permit(c);
            long count = c.r[Cpu.RCX] & addressMask;
            if (count == 0) {
                return;
            }
            long next = c.rip;
            c.rip = c.r[Cpu.BLOCK] + start;
            long room = Math.min(count, CHUNK);
            long done = 0;
            while (done < room) {
                long step = bulk(c, room - done);
                if (step == 0) {
                    once(c);
                    c.host.commit();
                    step = 1;
                }
                done += step;
                count -= step;
                c.set(Cpu.RCX, addressBytes, count);
                if (count == 0 || (compares && c.zf() != (repeat == 0xf3))) {
                    c.rip = next;
                    break;
                }
                if (c.debug.hasHit()) {
                    break;
                }
            }
            c.retired += done - 1;
        }

        final long from(Cpu c, boolean write) {
            return c.linear(source, c.r[Cpu.RSI] & addressMask, size, write);
        }

        final long to(Cpu c, boolean write) {
            long offset = c.r[Cpu.RDI] & addressMask;
            return c.mode == Cpu.CODE64 ? offset : c.linear(Cpu.ES, offset, size, write);
        }

        final void advance(Cpu c, int register, long steps) {
            long distance = (c.flags & Eflags.DF) != 0 ? -steps * size : steps * size;
            c.set(register, addressBytes, c.r[register] + distance);
        }

        /** Elements from a linear address to the end of its page, if the string goes up in flat memory. */
        final long elementsInPage(Cpu c, long linear, long most) {
            if ((c.flags & Eflags.DF) != 0 || c.mode != Cpu.CODE64 || addressBytes != 8) {
                return 0;
            }
            return Math.min(most, (4096 - (linear & 4095)) / size);
        }
    }

    private static final class Movs extends StringOp {
        Movs(Insn i) {
            super(i, false);
        }

        @Override
        void once(Cpu c) {
            long value = c.mmu.load(from(c, false), size);
            c.mmu.store(to(c, true), size, value);
            advance(c, Cpu.RSI, 1);
            advance(c, Cpu.RDI, 1);
        }

        @Override
        long bulk(Cpu c, long most) {
            long source = from(c, false);
            long target = to(c, true);
            long n = elementsInPage(c, target, elementsInPage(c, source, most));
            long a = c.mmu.bulkLoad(source);
            long b = c.mmu.bulkStore(target);
            // A string that overlaps itself from below repeats a pattern, which a block copy would not.
            if (n < 2 || a < 0 || b < 0 || (b > a && b < a + n * size)) {
                return 0;
            }
            MemorySegment ram = c.mmu.ram();
            MemorySegment.copy(ram, a, ram, b, n * size);
            advance(c, Cpu.RSI, n);
            advance(c, Cpu.RDI, n);
            return n;
        }
    }

    private static final class Stos extends StringOp {
        Stos(Insn i) {
            super(i, false);
        }

        @Override
        void once(Cpu c) {
            c.mmu.store(to(c, true), size, c.r[Cpu.RAX]);
            advance(c, Cpu.RDI, 1);
        }

        @Override
        long bulk(Cpu c, long most) {
            long value = c.r[Cpu.RAX];
            long pattern = value << (64 - 8 * size) >> (64 - 8 * size);
            long target = to(c, true);
            long n = elementsInPage(c, target, most);
            long at = c.mmu.bulkStore(target);
            if (n < 2 || at < 0 || pattern != (byte) value || (size > 1 && pattern != 0 && pattern != -1)) {
                return 0;
            }
            c.mmu.ram().asSlice(at, n * size).fill((byte) value);
            advance(c, Cpu.RDI, n);
            return n;
        }
    }

    private static final class Lods extends StringOp {
        Lods(Insn i) {
            super(i, false);
        }

        @Override
        void once(Cpu c) {
            c.set(Cpu.RAX, size, c.mmu.load(from(c, false), size));
            advance(c, Cpu.RSI, 1);
        }
    }

    private static final class Scas extends StringOp {
        Scas(Insn i) {
            super(i, true);
        }

        @Override
        void once(Cpu c) {
            long b = c.mmu.load(to(c, false), size);
            long a = c.r[Cpu.RAX] & -1L >>> (64 - 8 * size);
            c.flagsSub(a, b, a - b, 64 - 8 * size);
            advance(c, Cpu.RDI, 1);
        }
    }

    private static final class Cmps extends StringOp {
        Cmps(Insn i) {
            super(i, true);
        }

        @Override
        void once(Cpu c) {
            long a = c.mmu.load(from(c, false), size);
            long b = c.mmu.load(to(c, false), size);
            c.flagsSub(a, b, a - b, 64 - 8 * size);
            advance(c, Cpu.RSI, 1);
            advance(c, Cpu.RDI, 1);
        }
    }

    private static final class Ins extends StringOp {
        Ins(Insn i) {
            super(i, false);
        }

        @Override
        void permit(Cpu c) {
            Ports.check(c, c.r[Cpu.RDX], size);
        }

        @Override
        void once(Cpu c) {
            int port = Ports.check(c, c.r[Cpu.RDX], size);
            long at = to(c, true);
            // The port is read only if the store cannot fault: reading has effects.
            c.mmu.probeStore(at, size);
            c.mmu.store(at, size, c.host.portRead(port, size));
            c.debug.portAccessed(port, size);
            advance(c, Cpu.RDI, 1);
        }
    }

    private static final class Outs extends StringOp {
        Outs(Insn i) {
            super(i, false);
        }

        @Override
        void permit(Cpu c) {
            Ports.check(c, c.r[Cpu.RDX], size);
        }

        @Override
        void once(Cpu c) {
            int port = Ports.check(c, c.r[Cpu.RDX], size);
            c.host.portWrite(port, size, c.mmu.load(from(c, false), size));
            c.debug.portAccessed(port, size);
            advance(c, Cpu.RSI, 1);
        }
    }
}
