// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.op;

import io.splitvisor.vcpu.cpu.Cpu;
import io.splitvisor.vcpu.decode.Insn;
import java.util.Map;

/** SSE instructions that move elements across a register: shuffles, unpacks, packs, byte shifts, insertions. */
final class SseShuffles {
    static final Map<String, Lowering> LOWERINGS = Map.ofEntries(
            Map.entry("punpcklbw", i -> new Unpack(i, 8, 0)),
            Map.entry("punpcklwd", i -> new Unpack(i, 16, 0)),
            Map.entry("punpckldq", i -> new Unpack(i, 32, 0)),
            Map.entry("punpcklqdq", i -> new Unpack(i, 64, 0)),
            Map.entry("punpckhbw", i -> new Unpack(i, 8, 1)),
            Map.entry("punpckhwd", i -> new Unpack(i, 16, 1)),
            Map.entry("punpckhdq", i -> new Unpack(i, 32, 1)),
            Map.entry("punpckhqdq", i -> new Unpack(i, 64, 1)),
            Map.entry("unpcklps", i -> new Unpack(i, 32, 0)),
            Map.entry("unpckhps", i -> new Unpack(i, 32, 1)),
            Map.entry("unpcklpd", i -> new Unpack(i, 64, 0)),
            Map.entry("unpckhpd", i -> new Unpack(i, 64, 1)),
            Map.entry("packsswb", i -> new Pack(i, 16, -128, 127)),
            Map.entry("packuswb", i -> new Pack(i, 16, 0, 255)),
            Map.entry("packssdw", i -> new Pack(i, 32, -32768, 32767)),
            Map.entry("pshufd", PshufD::new),
            Map.entry("pshuflw", i -> new PshufW(i, 0)),
            Map.entry("pshufhw", i -> new PshufW(i, 1)),
            Map.entry("shufps", Shufps::new),
            Map.entry("shufpd", Shufpd::new),
            Map.entry("pslldq", i -> new ByteShift(i, true)),
            Map.entry("psrldq", i -> new ByteShift(i, false)),
            Map.entry("pinsrw", Insert::new),
            Map.entry("pextrw", Extract::new));

    private SseShuffles() {}

    private abstract static class Shuffle extends Op {
        final int d;
        final Xmm s;
        final int immediate;

        Shuffle(Insn i) {
            this.d = 2 * i.reg();
            this.s = Xmm.of(i, 1, false);
            this.immediate = (int) i.immediate();
        }

        @Override
        public final void exec(Cpu c) {
            Xmm.check(c);
            s.read(c);
            shuffle(c, c.xmm[d], c.xmm[d + 1], c.low, c.high);
        }

        /** Sets the destination from its old halves and the source's. */
        abstract void shuffle(Cpu c, long low, long high, long sourceLow, long sourceHigh);

        final void set(Cpu c, long low, long high) {
            c.xmm[d] = low;
            c.xmm[d + 1] = high;
        }
    }

    private static long doubleAt(long low, long high, int n) {
        return ((n & 2) == 0 ? low : high) >>> (32 * (n & 1)) & 0xffff_ffffL;
    }

    /** Elements of both operands in turn, from their low or their high halves. */
    private static final class Unpack extends Shuffle {
        private final int bits;
        private final int half;

        Unpack(Insn i, int bits, int half) {
            super(i);
            this.bits = bits;
            this.half = half;
        }

        @Override
        void shuffle(Cpu c, long low, long high, long sourceLow, long sourceHigh) {
            long a = half == 0 ? low : high;
            long b = half == 0 ? sourceLow : sourceHigh;
            if (bits == 64) {
                set(c, a, b);
            } else {
                set(c, interleave(a, b), interleave(a >>> 32, b >>> 32));
            }
        }

        private long interleave(long a, long b) {
            long mask = -1L >>> (64 - bits);
            long result = 0;
            for (int at = 0; at < 32; at += bits) {
                result |= (a >>> at & mask) << (2 * at) | (b >>> at & mask) << (2 * at + bits);
            }
            return result;
        }
    }

    /** Elements of half the size, saturated. */
    private static final class Pack extends Shuffle {
        private final int bits;
        private final int least;
        private final int most;

        Pack(Insn i, int bits, int least, int most) {
            super(i);
            this.bits = bits;
            this.least = least;
            this.most = most;
        }

        @Override
        void shuffle(Cpu c, long low, long high, long sourceLow, long sourceHigh) {
            set(c, pack(low) | pack(high) << 32, pack(sourceLow) | pack(sourceHigh) << 32);
        }

        private long pack(long value) {
            int half = bits / 2;
            long result = 0;
            for (int at = 0; at < 64; at += bits) {
                long element = value << (64 - bits - at) >> (64 - bits);
                result |= (Math.clamp(element, least, most) & (1L << half) - 1) << (at / 2);
            }
            return result;
        }
    }

    private static final class PshufD extends Shuffle {
        PshufD(Insn i) {
            super(i);
        }

        @Override
        void shuffle(Cpu c, long low, long high, long sourceLow, long sourceHigh) {
            set(
                    c,
                    doubleAt(sourceLow, sourceHigh, immediate) | doubleAt(sourceLow, sourceHigh, immediate >> 2) << 32,
                    doubleAt(sourceLow, sourceHigh, immediate >> 4)
                            | doubleAt(sourceLow, sourceHigh, immediate >> 6) << 32);
        }
    }

    /** PSHUFLW and PSHUFHW. */
    private static final class PshufW extends Shuffle {
        private final int half;

        PshufW(Insn i, int half) {
            super(i);
            this.half = half;
        }

        @Override
        void shuffle(Cpu c, long low, long high, long sourceLow, long sourceHigh) {
            long value = half == 0 ? sourceLow : sourceHigh;
            long result = 0;
            for (int n = 0; n < 4; n++) {
                result |= (value >>> (16 * (immediate >> (2 * n) & 3)) & 0xffff) << (16 * n);
            }
            set(c, half == 0 ? result : sourceLow, half == 0 ? sourceHigh : result);
        }
    }

    private static final class Shufps extends Shuffle {
        Shufps(Insn i) {
            super(i);
        }

        @Override
        void shuffle(Cpu c, long low, long high, long sourceLow, long sourceHigh) {
            set(
                    c,
                    doubleAt(low, high, immediate) | doubleAt(low, high, immediate >> 2) << 32,
                    doubleAt(sourceLow, sourceHigh, immediate >> 4)
                            | doubleAt(sourceLow, sourceHigh, immediate >> 6) << 32);
        }
    }

    private static final class Shufpd extends Shuffle {
        Shufpd(Insn i) {
            super(i);
        }

        @Override
        void shuffle(Cpu c, long low, long high, long sourceLow, long sourceHigh) {
            set(c, (immediate & 1) == 0 ? low : high, (immediate & 2) == 0 ? sourceLow : sourceHigh);
        }
    }

    /** PSLLDQ and PSRLDQ. */
    private static final class ByteShift extends Op {
        private final int d;
        private final int bits;
        private final boolean left;

        ByteShift(Insn i, boolean left) {
            this.d = 2 * i.rm();
            this.bits = (int) Math.min(i.immediate(), 16) * 8;
            this.left = left;
        }

        @Override
        public void exec(Cpu c) {
            Xmm.check(c);
            long low = c.xmm[d];
            long high = c.xmm[d + 1];
            c.xmm[d] = left
                    ? shiftLeft(low, bits)
                    : shiftRight(low, bits) | shiftLeft(high, 64 - bits) | shiftRight(high, bits - 64);
            c.xmm[d + 1] = left
                    ? shiftLeft(high, bits) | shiftRight(low, 64 - bits) | shiftLeft(low, bits - 64)
                    : shiftRight(high, bits);
        }

        /** Zero for counts outside 0 to 63. */
        private static long shiftLeft(long value, int n) {
            return n < 0 || n > 63 ? 0 : value << n;
        }

        private static long shiftRight(long value, int n) {
            return n < 0 || n > 63 ? 0 : value >>> n;
        }
    }

    private static final class Insert extends Op {
        private final int d;
        private final Operand s;
        private final int element;

        Insert(Insn i) {
            this.d = 2 * i.reg();
            this.s = Operand.of(i, 1);
            this.element = (int) i.immediate() & 7;
        }

        @Override
        public void exec(Cpu c) {
            Xmm.check(c);
            long value = s.read(c);
            int at = d + (element >> 2);
            int shift = 16 * (element & 3);
            c.xmm[at] = (c.xmm[at] & ~(0xffffL << shift)) | value << shift;
        }
    }

    private static final class Extract extends Op {
        private final int d;
        private final int s;
        private final int element;

        Extract(Insn i) {
            this.d = i.reg();
            this.s = 2 * i.rm();
            this.element = (int) i.immediate() & 7;
        }

        @Override
        public void exec(Cpu c) {
            Xmm.check(c);
            c.r[d] = c.xmm[s + (element >> 2)] >>> (16 * (element & 3)) & 0xffff;
        }
    }
}
