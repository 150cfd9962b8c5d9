// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.op;

import io.splitvisor.vcpu.cpu.Cpu;
import io.splitvisor.vcpu.decode.Insn;
import java.util.HashMap;
import java.util.Map;

/**
 * Shifts and rotates. A count of zero, after masking, changes nothing, flags included. OF is undefined for counts other
 * than one; here it is what the formula for one gives, as real processors do.
 */
final class Shifts {
    static final Map<String, Lowering> LOWERINGS = new HashMap<>();

    static {
        LOWERINGS.put("shl", i -> new Shift(i) {
            @Override
            void shift(Cpu c, int n) {
                long a = d.readForWrite(c);
                long r = a << n;
                d.write(c, r);
                boolean cf = n <= bits && (a >>> (bits - n) & 1) != 0;
                flags(c, r, cf, cf != top(r));
            }
        });
        LOWERINGS.put("shr", i -> new Shift(i) {
            @Override
            void shift(Cpu c, int n) {
                long a = d.readForWrite(c);
                long r = a >>> n;
                d.write(c, r);
                flags(c, r, (a >>> (n - 1) & 1) != 0, top(r) != next(r));
            }
        });
        LOWERINGS.put("sar", i -> new Shift(i) {
            @Override
            void shift(Cpu c, int n) {
                long a = d.readForWrite(c) << up >> up;
                long r = a >> n;
                d.write(c, r);
                flags(c, r, (a >> (n - 1) & 1) != 0, false);
            }
        });
        LOWERINGS.put("rol", i -> new Shift(i) {
            @Override
            void shift(Cpu c, int n) {
                int k = n & bits - 1;
                long a = d.readForWrite(c);
                long r = k == 0 ? a : a << k | a >>> (bits - k);
                d.write(c, r);
                boolean cf = (r & 1) != 0;
                c.carryOverflow(cf, cf != top(r));
            }
        });
        LOWERINGS.put("ror", i -> new Shift(i) {
            @Override
            void shift(Cpu c, int n) {
                int k = n & bits - 1;
                long a = d.readForWrite(c);
                long r = k == 0 ? a : a >>> k | a << (bits - k);
                d.write(c, r);
                c.carryOverflow(top(r), top(r) != next(r));
            }
        });
        LOWERINGS.put("rcl", i -> new Shift(i) {
            @Override
            void shift(Cpu c, int n) {
                long r = d.readForWrite(c);
                boolean cf = c.cf();
                for (int k = n % (bits + 1); k > 0; k--) {
                    boolean out = top(r);
                    r = r << 1 | (cf ? 1 : 0);
                    cf = out;
                }
                d.write(c, r);
                c.carryOverflow(cf, cf != top(r));
            }
        });
        LOWERINGS.put("rcr", i -> new Shift(i) {
            @Override
            void shift(Cpu c, int n) {
                long r = d.readForWrite(c);
                boolean cf = c.cf();
                for (int k = n % (bits + 1); k > 0; k--) {
                    boolean out = (r & 1) != 0;
                    r = r >>> 1 | (cf ? 1L << (bits - 1) : 0);
                    cf = out;
                }
                d.write(c, r);
                c.carryOverflow(cf, top(r) != next(r));
            }
        });
        LOWERINGS.put("shld", i -> new DoubleShift(i) {
            @Override
            void shift(Cpu c, int n) {
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
                flags(c, r, cf, top(a ^ r));
            }
        });
        LOWERINGS.put("shrd", i -> new DoubleShift(i) {
            @Override
            void shift(Cpu c, int n) {
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
                flags(c, r, cf, top(a ^ r));
            }
        });
    }

    private Shifts() {}

    private abstract static class Shift extends Op {
        final Operand d;
        final int bits;
        final int up;
        private final Operand count;
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

        @Override
        public final void exec(Cpu c) {
            int n = (int) count.read(c) & countMask;
            if (n != 0) {
                shift(c, n);
            } else if (d.size == 4) {
                // It still reads, and clears the upper half of a register.
                d.write(c, d.readForWrite(c));
            } else {
                d.readForWrite(c);
            }
        }

        /** Shifts by a count that is not zero, flags included. */
        abstract void shift(Cpu c, int n);

        final boolean top(long value) {
            return value << up < 0;
        }

        /** The bit below the top one. */
        final boolean next(long value) {
            return value << (up + 1) < 0;
        }

        /** Sign, zero and parity from a result; AF, undefined, is cleared. */
        final void flags(Cpu c, long r, boolean cf, boolean of) {
            c.flagsLogic(r, up);
            c.carryOverflow(cf, of);
        }
    }

    /** SHLD and SHRD with a 16-bit operand and a count above 16 are undefined: the operands count as a ring. */
    private abstract static class DoubleShift extends Shift {
        final Operand s;

        DoubleShift(Insn i) {
            super(i, 2);
            this.s = Operand.of(i, 1);
        }
    }
}
