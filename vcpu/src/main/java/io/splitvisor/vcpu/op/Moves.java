// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.op;

import io.splitvisor.vcpu.cpu.Cpu;
import io.splitvisor.vcpu.decode.Arg;
import io.splitvisor.vcpu.decode.Insn;
import java.util.Map;

/** Moves between registers and memory, conversions, conditional moves. */
final class Moves {
    static final Map<String, Lowering> LOWERINGS = Map.ofEntries(
            Map.entry("mov", Moves::mov),
            Map.entry("movnti", Mov::new),
            Map.entry("movzx", Mov::new),
            Map.entry("movsx", MovSigned::new),
            Map.entry("movsxd", MovSigned::new),
            Map.entry("lea", Lea::new),
            Map.entry("bswap", Bswap::new),
            Map.entry("cbw", Cbw::new),
            Map.entry("cwd", Cwd::new),
            Map.entry("xlat", Xlat::new),
            Map.entry("nop", i -> new Nop()),
            Map.entry("lfence", i -> new Nop()),
            Map.entry("mfence", i -> new Fence()),
            Map.entry("sfence", i -> new Nop()),
            Map.entry("clflush", Clflush::new));

    private Moves() {}

    private static Op mov(Insn i) {
        Arg.Kind to = i.row().args().get(0).kind();
        Arg.Kind from = i.row().args().get(1).kind();
        if (to == Arg.Kind.SEGMENT || from == Arg.Kind.SEGMENT) {
            return SegmentMoves.mov(i);
        }
        if (to == Arg.Kind.CONTROL || from == Arg.Kind.CONTROL || to == Arg.Kind.DEBUG || from == Arg.Kind.DEBUG) {
            return ControlMoves.mov(i);
        }
        return new Mov(i);
    }

    static Op conditional(Insn i) {
        return i.row().mnemonic().startsWith("set") ? new Set(i) : new Cmov(i);
    }

    /** MFENCE. Loads and stores are in order by themselves but for stores that wait. */
    private static final class Fence extends Op {
        @Override
        public void exec(Cpu c) {
            c.mmu.fence();
        }
    }

    static final class Nop extends Op {
        @Override
        public void exec(Cpu c) {}
    }

    private static final class Mov extends Op {
        private final Operand d;
        private final Operand s;

        Mov(Insn i) {
            this.d = Operand.of(i, 0);
            this.s = Operand.of(i, 1);
        }

        @Override
        public void exec(Cpu c) {
            d.write(c, s.read(c));
        }
    }

    private static final class MovSigned extends Op {
        private final Operand d;
        private final Operand s;

        MovSigned(Insn i) {
            this.d = Operand.of(i, 0);
            this.s = Operand.of(i, 1);
        }

        @Override
        public void exec(Cpu c) {
            d.write(c, s.readSigned(c));
        }
    }

    private static final class Lea extends Op {
        private final Operand d;
        private final Ea ea;

        Lea(Insn i) {
            this.d = Operand.of(i, 0);
            this.ea = Ea.of(i);
        }

        @Override
        public void exec(Cpu c) {
            d.write(c, ea.offset(c));
        }
    }

    /** With a 16-bit operand the result is undefined: zero, as real processors give. */
    private static final class Bswap extends Op {
        private final Operand d;

        Bswap(Insn i) {
            this.d = Operand.of(i, 0);
        }

        @Override
        public void exec(Cpu c) {
            long a = d.read(c);
            d.write(c, d.size == 2 ? 0 : Long.reverseBytes(a << d.up));
        }
    }

    /** CBW, CWDE, CDQE. */
    private static final class Cbw extends Op {
        private final int size;

        Cbw(Insn i) {
            this.size = i.operandBytes();
        }

        @Override
        public void exec(Cpu c) {
            int up = 64 - 4 * size;
            c.set(Cpu.RAX, size, c.r[Cpu.RAX] << up >> up);
        }
    }

    /** CWD, CDQ, CQO. */
    private static final class Cwd extends Op {
        private final int size;

        Cwd(Insn i) {
            this.size = i.operandBytes();
        }

        @Override
        public void exec(Cpu c) {
            c.set(Cpu.RDX, size, c.r[Cpu.RAX] << (64 - 8 * size) >> 63);
        }
    }

    private static final class Xlat extends Op {
        private final int addressBytes;
        private final int segment;

        Xlat(Insn i) {
            this.addressBytes = i.addressBytes();
            this.segment = i.segmentOverride() == Insn.NO_SEGMENT ? Cpu.DS : i.segmentOverride();
        }

        @Override
        public void exec(Cpu c) {
            long offset = c.r[Cpu.RBX] + (c.r[Cpu.RAX] & 0xff) & -1L >>> (64 - 8 * addressBytes);
            c.set(Cpu.RAX, 1, c.mmu.load8(c.linear(segment, offset, 1, false)));
        }
    }

    /** Only its address is checked: there is no cache to flush. */
    private static final class Clflush extends Op {
        private final Ea ea;

        Clflush(Insn i) {
            this.ea = Ea.of(i);
        }

        @Override
        public void exec(Cpu c) {
            c.mmu.probeLoad(ea.linear(c, 1, false), 1);
        }
    }

    /** Reads its source in any case, and clears the upper half of a 32-bit destination in any case. */
    private static final class Cmov extends Op {
        private final int condition;
        private final Operand d;
        private final Operand s;

        Cmov(Insn i) {
            this.condition = i.opcode() & 15;
            this.d = Operand.of(i, 0);
            this.s = Operand.of(i, 1);
        }

        @Override
        public void exec(Cpu c) {
            long value = s.read(c);
            d.write(c, c.condition(condition) ? value : d.read(c));
        }
    }

    private static final class Set extends Op {
        private final int condition;
        private final Operand d;

        Set(Insn i) {
            this.condition = i.opcode() & 15;
            this.d = Operand.of(i, 0);
        }

        @Override
        public void exec(Cpu c) {
            d.write(c, c.condition(condition) ? 1 : 0);
        }
    }
}
