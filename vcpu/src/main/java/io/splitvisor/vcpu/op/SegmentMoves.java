// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.op;

import io.splitvisor.vcpu.cpu.Cpu;
import io.splitvisor.vcpu.cpu.Descriptors;
import io.splitvisor.vcpu.cpu.Eflags;
import io.splitvisor.vcpu.cpu.SystemRegisters;
import io.splitvisor.vcpu.decode.Arg;
import io.splitvisor.vcpu.decode.Insn;
import java.util.Map;

/** Segment registers: MOV, PUSH, POP, LDS and the like; looking at descriptors; FS and GS bases. */
final class SegmentMoves {
    static final Map<String, Lowering> LOWERINGS = Map.ofEntries(
            Map.entry("les", i -> new LoadFar(i, Cpu.ES)),
            Map.entry("lds", i -> new LoadFar(i, Cpu.DS)),
            Map.entry("lss", i -> new LoadFar(i, Cpu.SS)),
            Map.entry("lfs", i -> new LoadFar(i, Cpu.FS)),
            Map.entry("lgs", i -> new LoadFar(i, Cpu.GS)),
            Map.entry("arpl", Arpl::new),
            Map.entry("lar", i -> new Look(i, true)),
            Map.entry("lsl", i -> new Look(i, false)),
            Map.entry("verr", i -> new Verify(i, false)),
            Map.entry("verw", i -> new Verify(i, true)),
            Map.entry("rdfsbase", i -> new ReadBase(i, Cpu.FS)),
            Map.entry("rdgsbase", i -> new ReadBase(i, Cpu.GS)),
            Map.entry("wrfsbase", i -> new WriteBase(i, Cpu.FS)),
            Map.entry("wrgsbase", i -> new WriteBase(i, Cpu.GS)));

    private SegmentMoves() {}

    static Op mov(Insn i) {
        boolean store = i.row().args().get(1).kind() == Arg.Kind.SEGMENT;
        int segment = i.reg() & 7;
        if (segment > Cpu.GS || (!store && segment == Cpu.CS)) {
            return new Undefined();
        }
        return store ? new Store(i, segment) : new Load(i, segment);
    }

    static Op push(Insn i) {
        return new Push(i, fixed(i));
    }

    static Op pop(Insn i) {
        return new Pop(i, fixed(i));
    }

    private static int fixed(Insn i) {
        return switch (i.row().args().get(0)) {
            case ES -> Cpu.ES;
            case CS -> Cpu.CS;
            case SS -> Cpu.SS;
            case DS -> Cpu.DS;
            case FS -> Cpu.FS;
            default -> Cpu.GS;
        };
    }

    private static void loaded(Cpu c, int segment) {
        if (segment == Cpu.SS) {
            c.pending.shadow = true;
            c.pending.holdsTraps = true;
            c.attention = true;
        }
    }

    private static final class Store extends Op {
        private final Operand d;
        private final int segment;

        Store(Insn i, int segment) {
            this.d = Operand.of(i, 0);
            this.segment = segment;
        }

        @Override
        public void exec(Cpu c) {
            d.write(c, c.seg[segment].selector());
        }
    }

    private abstract static class Loading extends Op {
        final int segment;

        Loading(int segment) {
            this.segment = segment;
        }
    }

    private static final class Load extends Loading {
        private final Operand s;

        Load(Insn i, int segment) {
            super(segment);
            this.s = Operand.of(i, 1);
        }

        @Override
        public void exec(Cpu c) {
            Descriptors.loadData(c, segment, (int) s.read(c));
            loaded(c, segment);
        }
    }

    /** A push of a segment register writes two bytes of its slot, as current processors do. */
    private static final class Push extends Op {
        private final int size;
        private final int segment;

        Push(Insn i, int segment) {
            this.size = i.operandBytes();
            this.segment = segment;
        }

        @Override
        public void exec(Cpu c) {
            c.push(c.seg[segment].selector(), size);
        }
    }

    private static final class Pop extends Loading {
        private final int size;

        Pop(Insn i, int segment) {
            super(segment);
            this.size = i.operandBytes();
        }

        @Override
        public void exec(Cpu c) {
            int selector = (int) c.peek(0, size) & 0xffff;
            // The stack pointer moves by the width of the stack that the pop read, even if it replaces SS.
            long sp = c.r[Cpu.RSP] + size;
            long mask = c.stackMask;
            Descriptors.loadData(c, segment, selector);
            c.r[Cpu.RSP] = (c.r[Cpu.RSP] & ~mask) | (sp & mask);
            loaded(c, segment);
        }
    }

    private static final class LoadFar extends Loading {
        private final Operand d;
        private final Ea ea;

        LoadFar(Insn i, int segment) {
            super(segment);
            this.d = Operand.of(i, 0);
            this.ea = Ea.of(i);
        }

        @Override
        public void exec(Cpu c) {
            long at = ea.linear(c, d.size + 2, false);
            long offset = c.mmu.load(at, d.size);
            int selector = (int) c.mmu.load(at + d.size, 2);
            Descriptors.loadData(c, segment, selector);
            d.write(c, offset);
        }
    }

    private static void setZero(Cpu c, boolean zero) {
        long flags = c.eflags() & ~Eflags.ZF;
        c.arithmetic(zero ? flags | Eflags.ZF : flags);
    }

    /** LAR and LSL. */
    private static final class Look extends Op {
        private final Operand d;
        private final Operand s;
        private final boolean rights;

        Look(Insn i, boolean rights) {
            this.d = Operand.of(i, 0);
            this.s = Operand.of(i, 1);
            this.rights = rights;
        }

        @Override
        public void exec(Cpu c) {
            if (c.plainSelectors()) {
                throw c.ud();
            }
            long descriptor = Descriptors.inspect(c, (int) s.read(c) & 0xffff);
            boolean visible = descriptor != 0
                    && (rights ? Descriptors.hasRights(c, descriptor) : Descriptors.hasLimit(c, descriptor));
            if (visible) {
                d.write(c, rights ? descriptor >>> 32 & 0x00ff_ff00L : Descriptors.limitOf(descriptor));
            }
            setZero(c, visible);
        }
    }

    /** Raises a selector's privilege level to another's. */
    private static final class Arpl extends Op {
        private final Operand d;
        private final Operand s;

        Arpl(Insn i) {
            this.d = Operand.of(i, 0);
            this.s = Operand.of(i, 1);
        }

        @Override
        public void exec(Cpu c) {
            if (c.plainSelectors()) {
                throw c.ud();
            }
            long selector = d.readForWrite(c);
            long level = s.read(c) & 3;
            boolean raises = (selector & 3) < level;
            if (raises) {
                d.write(c, selector & ~3 | level);
            }
            setZero(c, raises);
        }
    }

    private static final class Verify extends Op {
        private final Operand s;
        private final boolean write;

        Verify(Insn i, boolean write) {
            this.s = Operand.of(i, 0);
            this.write = write;
        }

        @Override
        public void exec(Cpu c) {
            if (c.plainSelectors()) {
                throw c.ud();
            }
            setZero(c, Descriptors.verify(Descriptors.inspect(c, (int) s.read(c) & 0xffff), write));
        }
    }

    private static void requireFsGsBase(Cpu c) {
        if ((c.sys.cr4 & SystemRegisters.CR4_FSGSBASE) == 0) {
            throw c.ud();
        }
    }

    private static final class ReadBase extends Op {
        private final Operand d;
        private final int segment;

        ReadBase(Insn i, int segment) {
            this.d = Operand.of(i, 0);
            this.segment = segment;
        }

        @Override
        public void exec(Cpu c) {
            requireFsGsBase(c);
            d.write(c, c.seg[segment].base());
        }
    }

    private static final class WriteBase extends Op {
        private final Operand s;
        private final int segment;

        WriteBase(Insn i, int segment) {
            this.s = Operand.of(i, 0);
            this.segment = segment;
        }

        @Override
        public void exec(Cpu c) {
            requireFsGsBase(c);
            long base = s.read(c);
            if (base << 16 >> 16 != base) {
                throw c.gp(0);
            }
            c.segmentBase(segment, base);
        }
    }
}
