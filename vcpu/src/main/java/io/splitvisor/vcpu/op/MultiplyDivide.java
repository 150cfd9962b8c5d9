// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.op;

import io.splitvisor.vcpu.cpu.Cpu;
import io.splitvisor.vcpu.cpu.Vector;
import io.splitvisor.vcpu.decode.Insn;
import java.util.Map;

/** Multiplication and division. Flags that the SDM leaves undefined come from the low half of the product. */
final class MultiplyDivide {
    static final Map<String, Lowering> LOWERINGS = Map.of(
            "mul",
            i -> new Wide(i, false),
            "imul",
            i -> i.row().args().size() == 1 ? new Wide(i, true) : new Imul(i),
            "div",
            Div::new,
            "idiv",
            Idiv::new);

    private MultiplyDivide() {}

    private abstract static class Accumulator extends Op {
        final Operand s;
        final int size;
        final int up;

        Accumulator(Insn i) {
            this.s = Operand.of(i, 0);
            this.size = s.size;
            this.up = s.up;
        }

        final long accumulator(Cpu c) {
            return c.r[Cpu.RAX] & -1L >>> up;
        }

        final void results(Cpu c, long low, long high) {
            if (size == 1) {
                c.set(Cpu.RAX, 2, (low & 0xff) | (high & 0xff) << 8);
            } else {
                c.set(Cpu.RAX, size, low);
                c.set(Cpu.RDX, size, high);
            }
        }

        final long high(Cpu c) {
            return size == 1 ? c.r[Cpu.RAX] >>> 8 & 0xff : c.r[Cpu.RDX] & -1L >>> up;
        }
    }

    /** MUL and IMUL into the double accumulator. */
    private static final class Wide extends Accumulator {
        private final boolean signed;

        Wide(Insn i, boolean signed) {
            super(i);
            this.signed = signed;
        }

        @Override
        public void exec(Cpu c) {
            long a = accumulator(c);
            long b = s.read(c);
            if (signed) {
                a = a << up >> up;
                b = b << up >> up;
            }
            long low = a * b;
            long high;
            if (size == 8) {
                high = signed ? Math.multiplyHigh(a, b) : Math.unsignedMultiplyHigh(a, b);
            } else {
                high = low >> (8 * size);
            }
            results(c, low, high);
            long spread = signed ? low << up >> 63 : 0;
            boolean overflow = high << up != spread << up;
            c.flagsLogic(low, up);
            c.carryOverflow(overflow, overflow);
        }
    }

    /** IMUL with two or three operands. */
    private static final class Imul extends Op {
        private final Operand d;
        private final Operand a;
        private final Operand b;

        Imul(Insn i) {
            this.d = Operand.of(i, 0);
            boolean three = i.row().args().size() == 3;
            this.a = three ? Operand.of(i, 1) : d;
            this.b = Operand.of(i, three ? 2 : 1);
        }

        @Override
        public void exec(Cpu c) {
            long x = a.readSigned(c);
            long y = b.readSigned(c);
            long r = x * y;
            d.write(c, r);
            boolean overflow = d.size == 8 ? Math.multiplyHigh(x, y) != r >> 63 : r << d.up >> d.up != r;
            c.flagsLogic(r, d.up);
            c.carryOverflow(overflow, overflow);
        }
    }

    private static final class Div extends Accumulator {
        Div(Insn i) {
            super(i);
        }

        @Override
        public void exec(Cpu c) {
            long divisor = s.read(c);
            long low = accumulator(c);
            long high = high(c);
            if (Long.compareUnsigned(high, divisor) >= 0) {
                throw c.fault.exception(Vector.DE);
            }
            if (size == 8) {
                long quotient = divide128(high, low, divisor);
                results(c, quotient, low - quotient * divisor);
            } else {
                long dividend = high << (8 * size) | low;
                results(c, Long.divideUnsigned(dividend, divisor), Long.remainderUnsigned(dividend, divisor));
            }
        }
    }

    private static final class Idiv extends Accumulator {
        Idiv(Insn i) {
            super(i);
        }

        @Override
        public void exec(Cpu c) {
            long divisor = s.readSigned(c);
            if (divisor == 0) {
                throw c.fault.exception(Vector.DE);
            }
            if (size == 8) {
                wide(c, divisor);
                return;
            }
            long dividend = (high(c) << (8 * size) | accumulator(c)) << (64 - 16 * size) >> (64 - 16 * size);
            if (dividend == Long.MIN_VALUE && divisor == -1) {
                throw c.fault.exception(Vector.DE);
            }
            long quotient = dividend / divisor;
            if (quotient << up >> up != quotient) {
                throw c.fault.exception(Vector.DE);
            }
            results(c, quotient, dividend % divisor);
        }

        private void wide(Cpu c, long divisor) {
            long low = c.r[Cpu.RAX];
            long high = c.r[Cpu.RDX];
            boolean negative = high < 0;
            if (negative) {
                low = -low;
                high = ~high + (low == 0 ? 1 : 0);
            }
            long magnitude = Math.abs(divisor);
            if (Long.compareUnsigned(high, magnitude) >= 0) {
                throw c.fault.exception(Vector.DE);
            }
            long quotient = divide128(high, low, magnitude);
            long remainder = low - quotient * magnitude;
            boolean negativeQuotient = negative != divisor < 0;
            long signed = negativeQuotient ? -quotient : quotient;
            if (quotient != 0 && signed < 0 != negativeQuotient) {
                throw c.fault.exception(Vector.DE);
            }
            results(c, signed, negative ? -remainder : remainder);
        }
    }

    /** Divides {@code high:low} by a divisor above {@code high}, all unsigned. Knuth, algorithm D with two digits. */
    static long divide128(long high, long low, long divisor) {
        if (high == 0) {
            return Long.divideUnsigned(low, divisor);
        }
        int shift = Long.numberOfLeadingZeros(divisor);
        long v = divisor << shift;
        long top = shift == 0 ? high : high << shift | low >>> (64 - shift);
        long bottom = low << shift;
        long q1 = digit(top, bottom >>> 32, v);
        long rest = (top << 32 | bottom >>> 32) - q1 * v;
        long q0 = digit(rest, bottom & 0xffff_ffffL, v);
        return (q1 << 32) + q0;
    }

    /** One digit of 32 bits of {@code (u << 32 | next) / v}, for a normalized {@code v > u}. */
    private static long digit(long u, long next, long v) {
        long vHigh = v >>> 32;
        long vLow = v & 0xffff_ffffL;
        long q = Long.divideUnsigned(u, vHigh);
        long rest = u - q * vHigh;
        while (q >>> 32 != 0 || Long.compareUnsigned(q * vLow, rest << 32 | next) > 0) {
            q--;
            rest += vHigh;
            if (rest >>> 32 != 0) {
                break;
            }
        }
        return q;
    }
}
