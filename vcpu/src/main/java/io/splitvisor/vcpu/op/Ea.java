// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.op;

import io.splitvisor.vcpu.cpu.Cpu;
import io.splitvisor.vcpu.decode.Insn;

/** An effective address. */
abstract class Ea {
    final int base;
    final int index;
    final int scale;
    final long displacement;

    Ea(Insn i) {
        this.base = i.base();
        this.index = i.index();
        this.scale = i.scale();
        this.displacement = i.displacement();
    }

    static Ea of(Insn i) {
        if (i.mode() != Insn.MODE64) {
            return new Segmented(i);
        }
        return i.addressBytes() == 8 ? new Flat(i) : new Flat32(i);
    }

    /** The linear address of {@code size} bytes; outside 64-bit mode after the segment's checks. */
    abstract long linear(Cpu c, int size, boolean write);

    /** As {@link #linear}, moved by a bit string's distance. */
    abstract long linearAt(Cpu c, long distance, int size, boolean write);

    /** The offset in its segment, as LEA computes it. */
    abstract long offset(Cpu c);

    final long sum(Cpu c) {
        long[] r = c.r;
        return r[base] + (r[index] << scale) + displacement;
    }

    /** Pseudo register of a segment's base in 64-bit mode. */
    static int baseRegister(int segment) {
        return segment == Cpu.FS ? Cpu.FS_BASE : segment == Cpu.GS ? Cpu.GS_BASE : Cpu.ZERO;
    }

    /** 64-bit mode, 64-bit addresses: a sum without cases. Non-canonical addresses miss the TLB. */
    static final class Flat extends Ea {
        private final int segmentBase;

        Flat(Insn i) {
            super(i);
            this.segmentBase = baseRegister(i.memorySegment());
        }

        @Override
        long linear(Cpu c, int size, boolean write) {
            return sum(c) + c.r[segmentBase];
        }

        @Override
        long linearAt(Cpu c, long distance, int size, boolean write) {
            return sum(c) + distance + c.r[segmentBase];
        }

        @Override
        long offset(Cpu c) {
            return sum(c);
        }
    }

    /** 64-bit mode, 32-bit addresses. */
    static final class Flat32 extends Ea {
        private final int segmentBase;

        Flat32(Insn i) {
            super(i);
            this.segmentBase = baseRegister(i.memorySegment());
        }

        @Override
        long linear(Cpu c, int size, boolean write) {
            return linearAt(c, 0, size, write);
        }

        @Override
        long linearAt(Cpu c, long distance, int size, boolean write) {
            return (sum(c) + distance & 0xffff_ffffL) + c.r[segmentBase];
        }

        @Override
        long offset(Cpu c) {
            return sum(c) & 0xffff_ffffL;
        }
    }

    /** 16- and 32-bit code: offsets are cut to the address size and checked by the segment. */
    static final class Segmented extends Ea {
        private final int segment;
        private final long mask;

        Segmented(Insn i) {
            super(i);
            this.segment = i.memorySegment();
            this.mask = i.addressBytes() == 4 ? 0xffff_ffffL : 0xffffL;
        }

        @Override
        long linear(Cpu c, int size, boolean write) {
            return c.linear(segment, sum(c) & mask, size, write);
        }

        @Override
        long linearAt(Cpu c, long distance, int size, boolean write) {
            return c.linear(segment, sum(c) + distance & mask, size, write);
        }

        @Override
        long offset(Cpu c) {
            return sum(c) & mask;
        }
    }
}
