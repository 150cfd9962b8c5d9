// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.op;

import io.splitvisor.vcpu.cpu.Cpu;
import io.splitvisor.vcpu.decode.Insn;
import java.util.Map;

/**
 * Shifts and rotates. A count of zero, after masking, changes nothing, flags included. OF is undefined for counts other
 * than one; here it is what the formula for one gives, as real processors do.
 */
final class Shifts {
    static final Map<String, Lowering> LOWERINGS = Map.of(
            "shl", Shl::new,
            "shr", Shr::new,
            "sar", Sar::new,
            "rol", Rol::new,
            "ror", Ror::new,
            "rcl", Rcl::new,
            "rcr", Rcr::new,
            "shld", Shld::new,
            "shrd", Shrd::new);

    private Shifts() {}

    private abstract static class Shift extends Op {
        final Operand d;
        final Operand count;
        final int bits;
        final int up;
        private final int countMask;

        Shift(Insn i, int countOperand) {
            this.d = Operand.of(i, 0);
            this.count = Operand.of(i, countOperand);
            this.up = d.up;
            this.bits = 8 * d.size;
            this.countMask = d.size == 8 ? 63 : 31;
        }

        Shift(Insn i) {
            this(i, 1);
        }

        final int count(Cpu c) {
            return (int) count.read(c) & countMask;
        }

        /** A count of zero still reads, and clears the upper half of a 32-bit register. */
        final void unchanged(Cpu c) {
            if (d.size == 4) {
                d.write(c, d.readForWrite(c));
            } else {
                d.readForWrite(c);
            }
        }

        /** Sign, zero and parity from a result; AF, undefined, is cleared. */
        final void flags(Cpu c, long r, boolean cf, boolean of) {
            c.flagsLogic(r, up);
            c.carryOverflow(cf, of);
        }
    }

    private static final class Shl extends Shift {
        Shl(Insn i) {
            super(i);
        }

        @Override
        public void exec(Cpu c) {
            int n = count(c);
            if (n == 0) {
                unchanged(c);
                return;
            }
            long a = d.readForWrite(c);
            long r = a << n;
            d.write(c, r);
            boolean cf = n <= bits && (a >>> (bits - n) & 1) != 0;
            flags(c, r, cf, cf != (r << up) < 0);
        }
    }

    private static final class Shr extends Shift {
        Shr(Insn i) {
            super(i);
        }

        @Override
        public void exec(Cpu c) {
            int n = count(c);
            if (n == 0) {
                unchanged(c);
                return;
            }
            long a = d.readForWrite(c);
            long r = a >>> n;
            d.write(c, r);
            boolean top = (r << up) < 0;
            boolean next = (r << (up + 1)) < 0;
            flags(c, r, (a >>> (n - 1) & 1) != 0, top != next);
        }
    }

    private static final class Sar extends Shift {
        Sar(Insn i) {
            super(i);
        }

        @Override
        public void exec(Cpu c) {
            int n = count(c);
            if (n == 0) {
                unchanged(c);
                return;
            }
            long a = d.readForWrite(c) << up >> up;
            long r = a >> n;
            d.write(c, r);
            flags(c, r, (a >> (n - 1) & 1) != 0, false);
        }
    }

    private static final class Rol extends Shift {
        Rol(Insn i) {
            super(i);
        }

        @Override
        public void exec(Cpu c) {
            int n = count(c);
            if (n == 0) {
                unchanged(c);
                return;
            }
            int k = n & bits - 1;
            long a = d.readForWrite(c);
            long r = k == 0 ? a : a << k | a >>> (bits - k);
            d.write(c, r);
            boolean cf = (r & 1) != 0;
            c.carryOverflow(cf, cf != (r << up) < 0);
        }
    }

    private static final class Ror extends Shift {
        Ror(Insn i) {
            super(i);
        }

        @Override
        public void exec(Cpu c) {
            int n = count(c);
            if (n == 0) {
                unchanged(c);
                return;
            }
            int k = n & bits - 1;
            long a = d.readForWrite(c);
            long r = k == 0 ? a : a >>> k | a << (bits - k);
            d.write(c, r);
            boolean cf = (r << up) < 0;
            c.carryOverflow(cf, cf != (r << (up + 1)) < 0);
        }
    }

    private static final class Rcl extends Shift {
        Rcl(Insn i) {
            super(i);
        }

        @Override
        public void exec(Cpu c) {
            int n = count(c) % (bits + 1);
            if (n == 0) {
                unchangedRotate(c);
                return;
            }
            long a = d.readForWrite(c);
            boolean cf = c.cf();
            long r = a;
            for (int k = 0; k < n; k++) {
                boolean out = (r << up) < 0;
                r = r << 1 | (cf ? 1 : 0);
                cf = out;
            }
            d.write(c, r);
            c.carryOverflow(cf, cf != (r << up) < 0);
        }

        private void unchangedRotate(Cpu c) {
            unchanged(c);
            if (count(c) != 0) {
                // All the way round: CF stays, and OF is what the formula gives.
                c.carryOverflow(c.cf(), c.cf() != (d.read(c) << up) < 0);
            }
        }
    }

    private static final class Rcr extends Shift {
        Rcr(Insn i) {
            super(i);
        }

        @Override
        public void exec(Cpu c) {
            int n = count(c) % (bits + 1);
            if (n == 0) {
                unchangedRotate(c);
                return;
            }
            long a = d.readForWrite(c);
            boolean cf = c.cf();
            long r = a;
            for (int k = 0; k < n; k++) {
                boolean out = (r & 1) != 0;
                r = r >>> 1 | (cf ? 1L << (bits - 1) : 0);
                cf = out;
            }
            d.write(c, r);
            c.carryOverflow(cf, (r << up) < 0 != (r << (up + 1)) < 0);
        }

        private void unchangedRotate(Cpu c) {
            unchanged(c);
            if (count(c) != 0) {
                long r = d.read(c);
                c.carryOverflow(c.cf(), (r << up) < 0 != (r << (up + 1)) < 0);
            }
        }
    }

    /** SHLD and SHRD with a 16-bit operand and a count above 16 are undefined: the operands count as a ring. */
    private static final class Shld extends Shift {
        private final Operand s;

        Shld(Insn i) {
            super(i, 2);
            this.s = Operand.of(i, 1);
        }

        @Override
        public void exec(Cpu c) {
            int n = count(c);
            if (n == 0) {
                unchanged(c);
                return;
            }
            long a = d.readForWrite(c);
            long b = s.read(c);
            long r;
            boolean cf;
            if (n <= bits) {
                r = a << n | (n == bits ? b : b >>> (bits - n));
                cf = (a >>> (bits - n) & 1) != 0;
            } else {
                r = b << (n - bits) | a >>> (2 * bits - n);
                cf = (b >>> (2 * bits - n) & 1) != 0;
            }
            d.write(c, r);
            flags(c, r, cf, ((a ^ r) << up) < 0);
        }
    }

    private static final class Shrd extends Shift {
        private final Operand s;

        Shrd(Insn i) {
            super(i, 2);
            this.s = Operand.of(i, 1);
        }

        @Override
        public void exec(Cpu c) {
            int n = count(c);
            if (n == 0) {
                unchanged(c);
                return;
            }
            long a = d.readForWrite(c);
            long b = s.read(c);
            long r;
            boolean cf;
            if (n <= bits) {
                r = n == 64 ? b : a >>> n | b << (bits - n);
                cf = (a >>> (n - 1) & 1) != 0;
            } else {
                r = b >>> (n - bits) | a << (2 * bits - n);
                cf = (b >>> (n - bits - 1) & 1) != 0;
            }
            d.write(c, r);
            flags(c, r, cf, ((a ^ r) << up) < 0);
        }
    }
}
