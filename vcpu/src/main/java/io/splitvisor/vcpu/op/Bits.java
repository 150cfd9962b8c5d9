// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.op;

import io.splitvisor.vcpu.cpu.Cpu;
import io.splitvisor.vcpu.cpu.Eflags;
import io.splitvisor.vcpu.decode.Arg;
import io.splitvisor.vcpu.decode.Insn;
import java.util.Map;

/** Single bits, scans and counts. */
final class Bits {
    static final Map<String, Lowering> LOWERINGS = Map.of(
            "bt", i -> new BitTest(i, Action.TEST),
            "bts", i -> new BitTest(i, Action.SET),
            "btr", i -> new BitTest(i, Action.RESET),
            "btc", i -> new BitTest(i, Action.COMPLEMENT),
            "bsf", i -> new Scan(i, true),
            "bsr", i -> new Scan(i, false),
            "popcnt", Popcnt::new,
            "crc32", Crc32::new);

    private Bits() {}

    private enum Action {
        TEST,
        SET,
        RESET,
        COMPLEMENT;

        long apply(long value, long bit) {
            return switch (this) {
                case TEST -> value;
                case SET -> value | bit;
                case RESET -> value & ~bit;
                case COMPLEMENT -> value ^ bit;
            };
        }
    }

    /** With a register as bit number, memory is a bit string that extends to both sides of the operand. */
    private static final class BitTest extends Op {
        private final Action action;
        private final Operand d;
        private final Operand bit;
        private final Ea string;
        private final boolean locked;

        BitTest(Insn i, Action action) {
            this.action = action;
            this.d = Operand.of(i, 0);
            this.bit = Operand.of(i, 1);
            boolean isString = i.hasMemory() && i.row().args().get(1).kind() == Arg.Kind.REG;
            this.string = isString ? Ea.of(i) : null;
            this.locked = i.lock();
        }

        @Override
        public void exec(Cpu c) {
            long number = bit.readSigned(c);
            long mask = 1L << (number & 8 * d.size - 1);
            long value;
            if (string != null) {
                value = inString(c, number, mask);
            } else if (action == Action.TEST) {
                value = d.read(c);
            } else {
                value = d.readForWrite(c);
                d.write(c, action.apply(value, mask));
            }
            boolean of = c.of();
            c.carryOverflow((value & mask) != 0, of);
        }

        private long inString(Cpu c, long number, long mask) {
            int shift = Integer.numberOfTrailingZeros(8 * d.size);
            long distance = (number >> shift) * d.size;
            long at = string.linearAt(c, distance, d.size, action != Action.TEST);
            if (action == Action.TEST) {
                return c.mmu.load(at, d.size);
            }
            long value = c.mmu.loadForStore(at, d.size);
            if (!locked) {
                c.mmu.store(at, d.size, action.apply(value, mask));
            } else if (!c.mmu.atomics().compareAndSet(at, d.size, value, action.apply(value, mask))) {
                throw c.fault.restart();
            }
            return value;
        }
    }

    /** BSF and BSR: a zero source leaves the destination. CF, OF, SF, AF and PF are undefined and stay. */
    private static final class Scan extends Op {
        private final boolean forward;
        private final Operand d;
        private final Operand s;

        Scan(Insn i, boolean forward) {
            this.forward = forward;
            this.d = Operand.of(i, 0);
            this.s = Operand.of(i, 1);
        }

        @Override
        public void exec(Cpu c) {
            long a = s.read(c);
            long flags = c.eflags() & ~Eflags.ZF;
            if (a != 0) {
                d.write(c, forward ? Long.numberOfTrailingZeros(a) : 63 - Long.numberOfLeadingZeros(a));
            }
            c.arithmetic(a == 0 ? flags | Eflags.ZF : flags);
        }
    }

    private static final class Popcnt extends Op {
        private final Operand d;
        private final Operand s;

        Popcnt(Insn i) {
            this.d = Operand.of(i, 0);
            this.s = Operand.of(i, 1);
        }

        @Override
        public void exec(Cpu c) {
            long count = Long.bitCount(s.read(c));
            d.write(c, count);
            c.arithmetic(count == 0 ? Eflags.ZF : 0);
        }
    }

    /** The remainder by Castagnoli's polynomial, with a few more bytes. */
    private static final class Crc32 extends Op {
        /** The polynomial, its lowest power at bit 31. */
        private static final int POLYNOMIAL = 0x82f6_3b78;

        private static final int[] BY_BYTE = byByte();

        private final Operand d;
        private final Operand s;

        Crc32(Insn i) {
            this.d = Operand.of(i, 0);
            this.s = Operand.of(i, 1);
        }

        @Override
        public void exec(Cpu c) {
            long value = s.read(c);
            int crc = (int) d.read(c);
            for (int n = 0; n < s.size; n++) {
                crc = BY_BYTE[(crc ^ (int) (value >>> (8 * n))) & 0xff] ^ crc >>> 8;
            }
            d.write(c, crc & 0xffff_ffffL);
        }

        private static int[] byByte() {
            int[] table = new int[256];
            for (int n = 0; n < 256; n++) {
                int crc = n;
                for (int bit = 0; bit < 8; bit++) {
                    crc = crc >>> 1 ^ ((crc & 1) != 0 ? POLYNOMIAL : 0);
                }
                table[n] = crc;
            }
            return table;
        }
    }
}
