// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.op;

import io.splitvisor.vcpu.cpu.Cpu;
import io.splitvisor.vcpu.decode.Insn;
import java.util.HashMap;
import java.util.Map;

/** Integer arithmetic and logic of SSE2 that works on each half of a register by itself. */
final class SseIntegers {
    static final Map<String, Lowering> LOWERINGS = new HashMap<>();

    private static final long BYTES = 0x0101_0101_0101_0101L;
    private static final long WORDS = 0x0001_0001_0001_0001L;
    private static final long DOUBLES = 0x0000_0001_0000_0001L;

    static {
        halves("pand", (a, b) -> a & b);
        halves("pandn", (a, b) -> ~a & b);
        halves("por", (a, b) -> a | b);
        halves("pxor", (a, b) -> a ^ b);
        for (String type : new String[] {"ps", "pd"}) {
            halves("and" + type, (a, b) -> a & b);
            halves("andn" + type, (a, b) -> ~a & b);
            halves("or" + type, (a, b) -> a | b);
            halves("xor" + type, (a, b) -> a ^ b);
        }
        halves("paddb", (a, b) -> add(a, b, BYTES << 7));
        halves("paddw", (a, b) -> add(a, b, WORDS << 15));
        halves("paddd", (a, b) -> add(a, b, DOUBLES << 31));
        halves("paddq", Long::sum);
        halves("psubb", (a, b) -> subtract(a, b, BYTES << 7));
        halves("psubw", (a, b) -> subtract(a, b, WORDS << 15));
        halves("psubd", (a, b) -> subtract(a, b, DOUBLES << 31));
        halves("psubq", (a, b) -> a - b);
        elements("paddsb", 8, true, (a, b) -> clamp(a + b, -128, 127));
        elements("paddsw", 16, true, (a, b) -> clamp(a + b, -32768, 32767));
        elements("paddusb", 8, false, (a, b) -> clamp(a + b, 0, 255));
        elements("paddusw", 16, false, (a, b) -> clamp(a + b, 0, 65535));
        elements("psubsb", 8, true, (a, b) -> clamp(a - b, -128, 127));
        elements("psubsw", 16, true, (a, b) -> clamp(a - b, -32768, 32767));
        elements("psubusb", 8, false, (a, b) -> clamp(a - b, 0, 255));
        elements("psubusw", 16, false, (a, b) -> clamp(a - b, 0, 65535));
        int[] sizes = {8, 16, 32};
        for (int n = 0; n < 3; n++) {
            String letter = "bwd".substring(n, n + 1);
            elements("pcmpeq" + letter, sizes[n], true, (a, b) -> a == b ? -1 : 0);
            elements("pcmpgt" + letter, sizes[n], true, (a, b) -> a > b ? -1 : 0);
        }
        elements("pmullw", 16, true, (a, b) -> a * b);
        elements("pmulhw", 16, true, (a, b) -> (a * b) >> 16);
        elements("pmulhuw", 16, false, (a, b) -> (a * b) >> 16);
        halves("pmuludq", (a, b) -> (a & 0xffff_ffffL) * (b & 0xffff_ffffL));
        halves("pmaddwd", SseIntegers::multiplyAndAdd);
        elements("pavgb", 8, false, (a, b) -> (a + b + 1) >> 1);
        elements("pavgw", 16, false, (a, b) -> (a + b + 1) >> 1);
        elements("pminub", 8, false, Math::min);
        elements("pmaxub", 8, false, Math::max);
        elements("pminsw", 16, true, Math::min);
        elements("pmaxsw", 16, true, Math::max);
        halves("psadbw", SseIntegers::sumOfDifferences);
        shifts("psrlw", 16, (a, n) -> n > 15 ? 0 : a >>> n);
        shifts("psrld", 32, (a, n) -> n > 31 ? 0 : a >>> n);
        shifts("psrlq", 64, (a, n) -> n > 63 ? 0 : a >>> n);
        shifts("psllw", 16, (a, n) -> n > 15 ? 0 : a << n);
        shifts("pslld", 32, (a, n) -> n > 31 ? 0 : a << n);
        shifts("psllq", 64, (a, n) -> n > 63 ? 0 : a << n);
        shifts("psraw", 16, (a, n) -> (short) a >> Math.min(n, 15));
        shifts("psrad", 32, (a, n) -> (int) a >> Math.min(n, 31));
    }

    private SseIntegers() {}

    /** A function of two halves, or of two elements. */
    @FunctionalInterface
    interface Function {
        long apply(long a, long b);
    }

    private static void halves(String mnemonic, Function f) {
        LOWERINGS.put(mnemonic, i -> new Halves(i, f));
    }

    private static void elements(String mnemonic, int bits, boolean signed, Function f) {
        halves(mnemonic, (a, b) -> byElement(a, b, bits, signed, f));
    }

    private static void shifts(String mnemonic, int bits, Function f) {
        LOWERINGS.put(mnemonic, i -> new Shift(i, bits, f));
    }

    /** Sums of all elements at once: their top bits are kept apart, so that no carry crosses. */
    private static long add(long a, long b, long tops) {
        return (a & ~tops) + (b & ~tops) ^ ((a ^ b) & tops);
    }

    private static long subtract(long a, long b, long tops) {
        return (a | tops) - (b & ~tops) ^ ((a ^ ~b) & tops);
    }

    private static long clamp(long value, long low, long high) {
        return Math.clamp(value, low, high);
    }

    private static long byElement(long a, long b, int bits, boolean signed, Function f) {
        long mask = -1L >>> (64 - bits);
        long result = 0;
        for (int at = 0; at < 64; at += bits) {
            int up = 64 - bits - at;
            int down = 64 - bits;
            long x = signed ? a << up >> down : a << up >>> down;
            long y = signed ? b << up >> down : b << up >>> down;
            result |= (f.apply(x, y) & mask) << at;
        }
        return result;
    }

    private static long multiplyAndAdd(long a, long b) {
        long result = 0;
        for (int at = 0; at < 64; at += 32) {
            int low = (short) (a >>> at) * (short) (b >>> at);
            int high = (short) (a >>> (at + 16)) * (short) (b >>> (at + 16));
            result |= (low + high & 0xffff_ffffL) << at;
        }
        return result;
    }

    private static long sumOfDifferences(long a, long b) {
        long sum = 0;
        for (int at = 0; at < 64; at += 8) {
            sum += Math.abs((a >>> at & 0xff) - (b >>> at & 0xff));
        }
        return sum;
    }

    private static final class Halves extends Op {
        private final int d;
        private final Xmm s;
        private final Function f;

        Halves(Insn i, Function f) {
            this.d = 2 * i.reg();
            this.s = Xmm.of(i, 1, false);
            this.f = f;
        }

        @Override
        public void exec(Cpu c) {
            Xmm.check(c);
            s.read(c);
            c.xmm[d] = f.apply(c.xmm[d], c.low);
            c.xmm[d + 1] = f.apply(c.xmm[d + 1], c.high);
        }
    }

    /** By a count that all elements share: an immediate, or 64 bits of an operand. */
    private static final class Shift extends Op {
        private final int d;
        private final Xmm count;
        private final int immediate;
        private final int bits;
        private final Function f;

        Shift(Insn i, int bits, Function f) {
            boolean byImmediate = i.row().args().get(1).kind() == io.splitvisor.vcpu.decode.Arg.Kind.IMM;
            this.d = 2 * (byImmediate ? i.rm() : i.reg());
            this.count = byImmediate ? null : Xmm.of(i, 1, false);
            this.immediate = (int) i.immediate();
            this.bits = bits;
            this.f = f;
        }

        @Override
        public void exec(Cpu c) {
            Xmm.check(c);
            long n = immediate;
            if (count != null) {
                count.read(c);
                n = c.low >= 0 && c.low < 256 ? c.low : 256;
            }
            long by = n;
            Function shift = (a, unused) -> f.apply(a, by);
            c.xmm[d] = byElement(c.xmm[d], 0, bits, false, shift);
            c.xmm[d + 1] = byElement(c.xmm[d + 1], 0, bits, false, shift);
        }
    }
}
