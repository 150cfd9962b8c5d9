// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.op;

import io.splitvisor.vcpu.cpu.Cpu;
import io.splitvisor.vcpu.decode.Arg;
import io.splitvisor.vcpu.decode.Insn;
import java.util.HashMap;
import java.util.Map;

/** Integer arithmetic and logic of MMX and SSE that works on each half of a register by itself. */
final class VectorIntegers {
    static final Map<String, Lowering> LOWERINGS = new HashMap<>();

    private static final long BYTES = 0x0101_0101_0101_0101L;
    private static final long WORDS = 0x0001_0001_0001_0001L;
    private static final long DOUBLES = 0x0000_0001_0000_0001L;
    private static final String LETTERS = "bwdq";

    static {
        for (String logic : new String[] {"p%s", "%sps", "%spd"}) {
            halves(logic.formatted("and"), (a, b) -> a & b);
            halves(logic.formatted("andn"), (a, b) -> ~a & b);
            halves(logic.formatted("or"), (a, b) -> a | b);
            halves(logic.formatted("xor"), (a, b) -> a ^ b);
        }
        halves("paddb", (a, b) -> add(a, b, BYTES << 7));
        halves("paddw", (a, b) -> add(a, b, WORDS << 15));
        halves("paddd", (a, b) -> add(a, b, DOUBLES << 31));
        halves("paddq", Long::sum);
        halves("psubb", (a, b) -> subtract(a, b, BYTES << 7));
        halves("psubw", (a, b) -> subtract(a, b, WORDS << 15));
        halves("psubd", (a, b) -> subtract(a, b, DOUBLES << 31));
        halves("psubq", (a, b) -> a - b);
        for (int log = 0; log < 4; log++) {
            arithmetic(LETTERS.substring(log, log + 1), 8 << log);
        }
        elements("pmullw", 16, true, (a, b) -> a * b);
        elements("pmulld", 32, true, (a, b) -> a * b);
        elements("pmulhw", 16, true, (a, b) -> (a * b) >> 16);
        elements("pmulhuw", 16, false, (a, b) -> (a * b) >> 16);
        elements("pmulhrsw", 16, true, (a, b) -> ((a * b >> 14) + 1) >> 1);
        halves("pmuludq", (a, b) -> (a & 0xffff_ffffL) * (b & 0xffff_ffffL));
        halves("pmuldq", (a, b) -> (long) (int) a * (int) b);
        halves("pmaddwd", VectorIntegers::multiplyAndAdd);
        halves("pmaddubsw", VectorIntegers::multiplyBytesAndAdd);
        elements("pavgb", 8, false, (a, b) -> (a + b + 1) >> 1);
        elements("pavgw", 16, false, (a, b) -> (a + b + 1) >> 1);
        halves("psadbw", VectorIntegers::sumOfDifferences);
        shifts("psrlw", 16, (a, n) -> n > 15 ? 0 : a >>> n);
        shifts("psrld", 32, (a, n) -> n > 31 ? 0 : a >>> n);
        shifts("psrlq", 64, (a, n) -> n > 63 ? 0 : a >>> n);
        shifts("psllw", 16, (a, n) -> n > 15 ? 0 : a << n);
        shifts("pslld", 32, (a, n) -> n > 31 ? 0 : a << n);
        shifts("psllq", 64, (a, n) -> n > 63 ? 0 : a << n);
        shifts("psraw", 16, (a, n) -> (short) a >> Math.min(n, 15));
        shifts("psrad", 32, (a, n) -> (int) a >> Math.min(n, 31));
    }

    private VectorIntegers() {}

    /** What exists, or could, for elements of every size. */
    private static void arithmetic(String letter, int bits) {
        long least = -1L << (bits - 1);
        long most = ~least;
        elements("pcmpeq" + letter, bits, true, (a, b) -> a == b ? -1 : 0);
        elements("pcmpgt" + letter, bits, true, (a, b) -> a > b ? -1 : 0);
        elements("pmins" + letter, bits, true, Math::min);
        elements("pmaxs" + letter, bits, true, Math::max);
        elements("pminu" + letter, bits, false, Math::min);
        elements("pmaxu" + letter, bits, false, Math::max);
        elements("pabs" + letter, bits, true, (a, b) -> Math.abs(b));
        elements("psign" + letter, bits, true, (a, b) -> a * Long.signum(b));
        elements("padds" + letter, bits, true, (a, b) -> Math.clamp(a + b, least, most));
        elements("psubs" + letter, bits, true, (a, b) -> Math.clamp(a - b, least, most));
        elements("paddus" + letter, bits, false, (a, b) -> Math.min(a + b, 2 * most + 1));
        elements("psubus" + letter, bits, false, (a, b) -> Math.max(a - b, 0));
    }

    private static void halves(String mnemonic, VectorOp.Half f) {
        LOWERINGS.put(mnemonic, i -> new VectorOp.Halves(i, f));
    }

    private static void elements(String mnemonic, int bits, boolean signed, VectorOp.Half f) {
        halves(mnemonic, (a, b) -> byElement(a, b, bits, signed, f));
    }

    private static void shifts(String mnemonic, int bits, VectorOp.Half f) {
        LOWERINGS.put(mnemonic, i -> new Shift(i, bits, f));
    }

    /** Sums of all elements at once: their top bits are kept apart, so that no carry crosses. */
    private static long add(long a, long b, long tops) {
        return (a & ~tops) + (b & ~tops) ^ ((a ^ b) & tops);
    }

    private static long subtract(long a, long b, long tops) {
        return (a | tops) - (b & ~tops) ^ ((a ^ ~b) & tops);
    }

    static long byElement(long a, long b, int bits, boolean signed, VectorOp.Half f) {
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

    /** Unsigned bytes by signed ones, sums saturated to words. */
    private static long multiplyBytesAndAdd(long a, long b) {
        long result = 0;
        for (int at = 0; at < 64; at += 16) {
            int low = (int) (a >>> at & 0xff) * (byte) (b >>> at);
            int high = (int) (a >>> (at + 8) & 0xff) * (byte) (b >>> (at + 8));
            result |= (Math.clamp((long) low + high, Short.MIN_VALUE, Short.MAX_VALUE) & 0xffffL) << at;
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

    /** By a count that all elements share: an immediate, or 64 bits of an operand. */
    private static final class Shift extends VectorOp {
        private static final long TOO_FAR = 256;

        private final Vec d;
        private final Vec count;
        private final long immediate;
        private final int bits;
        private final Half f;

        Shift(Insn i, int bits, Half f) {
            super(i);
            boolean byImmediate = i.row().args().get(1).kind() == Arg.Kind.IMM;
            this.d = Vec.of(i, 0, false);
            this.count = byImmediate ? null : Vec.of(i, 1, false);
            this.immediate = i.immediate();
            this.bits = bits;
            this.f = f;
        }

        @Override
        void work(Cpu c) {
            long n = immediate;
            if (count != null) {
                count.read(c);
                n = c.low >= 0 && c.low < TOO_FAR ? c.low : TOO_FAR;
            }
            long by = n;
            Half shift = (a, unused) -> f.apply(a, by);
            d.read(c);
            d.write(c, byElement(c.low, 0, bits, false, shift), byElement(c.high, 0, bits, false, shift));
        }
    }
}
