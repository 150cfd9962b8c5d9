// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.op;

import io.splitvisor.vcpu.cpu.Cpu;
import io.splitvisor.vcpu.decode.Arg;
import io.splitvisor.vcpu.decode.Insn;
import java.util.HashMap;
import java.util.Map;

/** Instructions of MMX and SSE that move elements across a register: shuffles, unpacks, packs, blends, byte shifts. */
final class VectorShuffles {
    static final Map<String, Lowering> LOWERINGS = new HashMap<>();

    private static final ByImmediate PSHUFB =
            n -> (c, low, high) -> set(c, bytes(low, high, c.low, 15), bytes(low, high, c.high, 15));
    private static final ByImmediate PALIGNR = n -> (c, low, high) -> align(c, low, high, 8 * n);

    static {
        int[] sizes = {8, 16, 32, 64};
        String[] unpacks = {"bw", "wd", "dq", "qdq"};
        for (int n = 0; n < sizes.length; n++) {
            int bits = sizes[n];
            LOWERINGS.put("punpckl" + unpacks[n], i -> new Unpack(i, bits, false));
            LOWERINGS.put("punpckh" + unpacks[n], i -> new Unpack(i, bits, true));
        }
        for (String half : new String[] {"l", "h"}) {
            LOWERINGS.put("unpck" + half + "ps", i -> new Unpack(i, 32, half.equals("h")));
            LOWERINGS.put("unpck" + half + "pd", i -> new Unpack(i, 64, half.equals("h")));
        }
        pack("packsswb", 16, Byte.MIN_VALUE, Byte.MAX_VALUE);
        pack("packuswb", 16, 0, 255);
        pack("packssdw", 32, Short.MIN_VALUE, Short.MAX_VALUE);
        pack("packusdw", 32, 0, 65535);
        pairs("phaddw", 16, (a, b) -> a + b);
        pairs("phaddd", 32, (a, b) -> a + b);
        pairs("phaddsw", 16, (a, b) -> Math.clamp(a + b, Short.MIN_VALUE, Short.MAX_VALUE));
        pairs("phsubw", 16, (a, b) -> a - b);
        pairs("phsubd", 32, (a, b) -> a - b);
        pairs("phsubsw", 16, (a, b) -> Math.clamp(a - b, Short.MIN_VALUE, Short.MAX_VALUE));
        LOWERINGS.put("pshufw", i -> halves(i, n -> (d, s) -> words(s, n)));
        whole("pshuflw", n -> (c, low, high) -> c.low = words(c.low, n));
        whole("pshufhw", n -> (c, low, high) -> c.high = words(c.high, n));
        whole("pshufd", n -> (c, low, high) -> set(c, doubles(c.low, c.high, n), doubles(c.low, c.high, n >> 4)));
        whole("shufps", n -> (c, low, high) -> set(c, doubles(low, high, n), doubles(c.low, c.high, n >> 4)));
        whole("shufpd", n -> (c, low, high) -> set(c, (n & 1) == 0 ? low : high, (n & 2) == 0 ? c.low : c.high));
        whole("movsldup", n -> (c, low, high) -> set(c, doubles(c.low, c.high, 0), doubles(c.low, c.high, 10)));
        whole("movshdup", n -> (c, low, high) -> set(c, doubles(c.low, c.high, 5), doubles(c.low, c.high, 15)));
        whole("movddup", n -> (c, low, high) -> c.high = c.low);
        whole("blendps", n -> blend(spread(n, 4, 32)));
        whole("blendpd", n -> blend(spread(n, 2, 64)));
        whole("pblendw", n -> blend(spread(n, 8, 16)));
        variableBlend("pblendvb", 8);
        variableBlend("blendvps", 32);
        variableBlend("blendvpd", 64);
        LOWERINGS.put("pshufb", i -> isMmx(i) ? halves(i, n -> (d, s) -> bytes(d, 0, s, 7)) : whole(i, PSHUFB));
        LOWERINGS.put(
                "palignr", i -> isMmx(i) ? halves(i, n -> (d, s) -> shiftedPair(s, d, 8 * n)) : whole(i, PALIGNR));
        LOWERINGS.put("pslldq", i -> new ByteShift(i, true));
        LOWERINGS.put("psrldq", i -> new ByteShift(i, false));
        whole("mpsadbw", n -> (c, low, high) -> sumsOfDifferences(c, low, high, n));
        whole("phminposuw", n -> (c, low, high) -> leastWord(c));
    }

    private VectorShuffles() {}

    /** What an immediate makes of two registers. */
    @FunctionalInterface
    private interface ByImmediate {
        VectorOp.Whole with(int immediate);
    }

    /** The same of two halves. */
    @FunctionalInterface
    private interface HalvesByImmediate {
        VectorOp.Half with(int immediate);
    }

    private static void whole(String mnemonic, ByImmediate f) {
        LOWERINGS.put(mnemonic, i -> whole(i, f));
    }

    private static Op whole(Insn i, ByImmediate f) {
        return new VectorOp.Wholes(i, f.with((int) i.immediate()));
    }

    private static Op halves(Insn i, HalvesByImmediate f) {
        return new VectorOp.Halves(i, f.with((int) i.immediate()));
    }

    private static boolean isMmx(Insn i) {
        return i.row().args().get(0) == Arg.P;
    }

    private static void pack(String mnemonic, int bits, int least, int most) {
        LOWERINGS.put(
                mnemonic,
                i -> new VectorOp.Narrowing(i, a -> {
                    long result = 0;
                    for (int at = 0; at < 64; at += bits) {
                        long element = a << (64 - bits - at) >> (64 - bits);
                        result |= (Math.clamp(element, least, most) & (1L << bits / 2) - 1) << (at / 2);
                    }
                    return result;
                }));
    }

    /** Each pair of neighbours becomes one element. */
    private static void pairs(String mnemonic, int bits, VectorOp.Half f) {
        LOWERINGS.put(
                mnemonic,
                i -> new VectorOp.Narrowing(i, a -> {
                    long result = 0;
                    for (int at = 0; at < 64; at += 2 * bits) {
                        long first = a << (64 - bits - at) >> (64 - bits);
                        long second = a << (64 - 2 * bits - at) >> (64 - bits);
                        result |= (f.apply(first, second) & -1L >>> (64 - bits)) << (at / 2);
                    }
                    return result;
                }));
    }

    private static void set(Cpu c, long low, long high) {
        c.low = low;
        c.high = high;
    }

    private static long words(long value, int selection) {
        long result = 0;
        for (int n = 0; n < 4; n++) {
            result |= (value >>> (16 * (selection >> (2 * n) & 3)) & 0xffff) << (16 * n);
        }
        return result;
    }

    /** Two doublewords of a register, chosen by two bits each. */
    private static long doubles(long low, long high, int selection) {
        return doubleAt(low, high, selection) | doubleAt(low, high, selection >> 2) << 32;
    }

    static long doubleAt(long low, long high, int n) {
        return ((n & 2) == 0 ? low : high) >>> (32 * (n & 1)) & 0xffff_ffffL;
    }

    /** Bytes of a register, chosen by the bytes of {@code selection}; those with their top bit set give zero. */
    private static long bytes(long low, long high, long selection, int mask) {
        long result = 0;
        for (int at = 0; at < 64; at += 8) {
            int n = (int) (selection >>> at) & 0xff;
            if (n < 128) {
                int from = n & mask;
                result |= ((from < 8 ? low : high) >>> (8 * (from & 7)) & 0xff) << at;
            }
        }
        return result;
    }

    /** 64 bits out of 128, from a bit on; zeros follow. */
    private static long shiftedPair(long low, long high, int by) {
        return shiftRight(low, by) | shiftLeft(high, 64 - by) | shiftRight(high, by - 64);
    }

    /** PALIGNR: 16 bytes out of 32. */
    private static void align(Cpu c, long low, long high, int by) {
        long[] quads = {c.low, c.high, low, high, 0, 0, 0, 0};
        int from = Math.min(by >> 6, 5);
        int rest = by & 63;
        set(c, shiftedPair(quads[from], quads[from + 1], rest), shiftedPair(quads[from + 1], quads[from + 2], rest));
    }

    /** Zero for counts outside 0 to 63. */
    private static long shiftLeft(long value, int n) {
        return n < 0 || n > 63 ? 0 : value << n;
    }

    private static long shiftRight(long value, int n) {
        return n < 0 || n > 63 ? 0 : value >>> n;
    }

    /** All bits of the elements whose bits in {@code selection} are set. */
    private static long[] spread(int selection, int elements, int bits) {
        long[] halves = new long[2];
        for (int n = 0; n < elements; n++) {
            if ((selection >> n & 1) != 0) {
                halves[n * bits >> 6] |= -1L >>> (64 - bits) << (n * bits & 63);
            }
        }
        return halves;
    }

    private static VectorOp.Whole blend(long[] mask) {
        return (c, low, high) -> set(c, (low & ~mask[0]) | (c.low & mask[0]), (high & ~mask[1]) | (c.high & mask[1]));
    }

    /** By the top bits of XMM0's elements. */
    private static void variableBlend(String mnemonic, int bits) {
        whole(
                mnemonic,
                n -> (c, low, high) ->
                        set(c, choose(low, c.low, c.xmm[0], bits), choose(high, c.high, c.xmm[1], bits)));
    }

    private static long choose(long a, long b, long by, int bits) {
        long mask = VectorIntegers.byElement(by, 0, bits, true, (x, y) -> x >> 63);
        return (a & ~mask) | (b & mask);
    }

    /** MPSADBW: eight sums over four bytes each. */
    private static void sumsOfDifferences(Cpu c, long low, long high, int selection) {
        int block = (int) (((selection & 2) == 0 ? c.low : c.high) >>> (32 * (selection & 1)));
        long[] sums = new long[2];
        for (int n = 0; n < 8; n++) {
            int from = n + (selection & 4);
            long sum = 0;
            for (int k = 0; k < 4; k++) {
                int at = from + k;
                int byteOfDestination = (int) ((at < 8 ? low : high) >>> (8 * (at & 7))) & 0xff;
                sum += Math.abs(byteOfDestination - (block >>> (8 * k) & 0xff));
            }
            sums[n >> 2] |= sum << (16 * (n & 3));
        }
        set(c, sums[0], sums[1]);
    }

    /** PHMINPOSUW: the least word and where it is. */
    private static void leastWord(Cpu c) {
        long best = 0x10000;
        long at = 0;
        for (int n = 0; n < 8; n++) {
            long word = (n < 4 ? c.low : c.high) >>> (16 * (n & 3)) & 0xffff;
            if (word < best) {
                best = word;
                at = n;
            }
        }
        set(c, best | at << 16, 0);
    }

    /** Elements of both operands in turn, from their low or their high halves. */
    private static final class Unpack extends VectorOp {
        private final Vec d;
        private final Vec s;
        private final int bits;
        private final boolean upper;

        Unpack(Insn i, int bits, boolean upper) {
            super(i);
            this.d = Vec.of(i, 0, false);
            this.s = Vec.of(i, 1, false);
            this.bits = bits;
            this.upper = upper;
        }

        @Override
        void work(Cpu c) {
            s.read(c);
            long low = c.low;
            long high = c.high;
            d.read(c);
            if (d.size == 8) {
                d.write(c, upper ? interleave(c.low >>> 32, low >>> 32) : interleave(c.low, low), 0);
                return;
            }
            long a = upper ? c.high : c.low;
            long b = upper ? high : low;
            if (bits == 64) {
                d.write(c, a, b);
            } else {
                d.write(c, interleave(a, b), interleave(a >>> 32, b >>> 32));
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

    /** PSLLDQ and PSRLDQ. */
    private static final class ByteShift extends VectorOp {
        private final Vec d;
        private final int bits;
        private final boolean left;

        ByteShift(Insn i, boolean left) {
            super(i);
            this.d = Vec.of(i, 0, false);
            this.bits = (int) Math.min(i.immediate(), 16) * 8;
            this.left = left;
        }

        @Override
        void work(Cpu c) {
            d.read(c);
            if (left) {
                long crossing = shiftRight(c.low, 64 - bits) | shiftLeft(c.low, bits - 64);
                d.write(c, shiftLeft(c.low, bits), shiftLeft(c.high, bits) | (bits == 0 ? 0 : crossing));
            } else {
                d.write(c, shiftedPair(c.low, c.high, bits), shiftRight(c.high, bits));
            }
        }
    }
}
