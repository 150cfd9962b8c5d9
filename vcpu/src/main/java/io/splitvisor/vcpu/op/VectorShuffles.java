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

    private static final VectorOp.ByImmediate PSHUFB =
            n -> (c, low, high) -> set(c, Elements.bytes(low, high, c.low), Elements.bytes(low, high, c.high));
    private static final VectorOp.ByImmediate PALIGNR = n -> (c, low, high) -> align(c, low, high, 8 * n);

    static {
        unpack("punpck%sbw", Elements::interleaveBytes);
        unpack("punpck%swd", Elements::interleaveWords);
        unpack("punpck%sdq", Elements::interleaveDoubles);
        unpack("unpck%sps", Elements::interleaveDoubles);
        for (String quads : new String[] {"punpck%sqdq", "unpck%spd"}) {
            whole(quads.formatted("l"), n -> (c, low, high) -> set(c, low, c.low));
            whole(quads.formatted("h"), n -> (c, low, high) -> set(c, high, c.high));
        }
        narrowing("packsswb", Elements::packsswb);
        narrowing("packuswb", Elements::packuswb);
        narrowing("packssdw", Elements::packssdw);
        narrowing("packusdw", Elements::packusdw);
        pairs("phaddw", 16, (a, b) -> a + b);
        pairs("phaddd", 32, (a, b) -> a + b);
        pairs("phaddsw", 16, (a, b) -> Math.clamp(a + b, Short.MIN_VALUE, Short.MAX_VALUE));
        pairs("phsubw", 16, (a, b) -> a - b);
        pairs("phsubd", 32, (a, b) -> a - b);
        pairs("phsubsw", 16, (a, b) -> Math.clamp(a - b, Short.MIN_VALUE, Short.MAX_VALUE));
        LOWERINGS.put("pshufw", i -> halves(i, n -> (d, s) -> Elements.words(s, n)));
        whole("pshuflw", n -> (c, low, high) -> c.low = Elements.words(c.low, n));
        whole("pshufhw", n -> (c, low, high) -> c.high = Elements.words(c.high, n));
        whole("pshufd", n -> (c, low, high) -> set(c, doubles(c.low, c.high, n), doubles(c.low, c.high, n >> 4)));
        whole("shufps", n -> (c, low, high) -> set(c, doubles(low, high, n), doubles(c.low, c.high, n >> 4)));
        whole("shufpd", n -> (c, low, high) -> set(c, (n & 1) == 0 ? low : high, (n & 2) == 0 ? c.low : c.high));
        whole("movsldup", n -> (c, low, high) -> set(c, doubles(c.low, c.high, 0), doubles(c.low, c.high, 10)));
        whole("movshdup", n -> (c, low, high) -> set(c, doubles(c.low, c.high, 5), doubles(c.low, c.high, 15)));
        whole("movddup", n -> (c, low, high) -> c.high = c.low);
        whole("blendps", n -> blend(spread(n, 4, 32)));
        whole("blendpd", n -> blend(spread(n, 2, 64)));
        whole("pblendw", n -> blend(spread(n, 8, 16)));
        variableBlend("pblendvb", Elements::pblendvb);
        variableBlend("blendvps", Elements::blendvps);
        variableBlend("blendvpd", Elements::blendvpd);
        LOWERINGS.put("pshufb", i -> isMmx(i) ? halves(i, n -> (d, s) -> Elements.bytes(d, d, s)) : whole(i, PSHUFB));
        LOWERINGS.put(
                "palignr", i -> isMmx(i) ? halves(i, n -> (d, s) -> shiftedPair(s, d, 8 * n)) : whole(i, PALIGNR));
        LOWERINGS.put("pslldq", i -> new ByteShift(i, true));
        LOWERINGS.put("psrldq", i -> new ByteShift(i, false));
        whole("mpsadbw", n -> (c, low, high) -> sumsOfDifferences(c, low, high, n));
        whole("phminposuw", n -> (c, low, high) -> leastWord(c));
    }

    private VectorShuffles() {}

    /** The same of two halves. */
    @FunctionalInterface
    private interface HalvesByImmediate {
        VectorOp.Half with(int immediate);
    }

    /** Half a result from halves of a destination, a source and XMM0. */
    @FunctionalInterface
    private interface Blend {
        long apply(long d, long s, long by);
    }

    private static void unpack(String mnemonic, VectorOp.Half interleave) {
        LOWERINGS.put(mnemonic.formatted("l"), i -> new Unpack(i, interleave, false));
        LOWERINGS.put(mnemonic.formatted("h"), i -> new Unpack(i, interleave, true));
    }

    private static void whole(String mnemonic, VectorOp.ByImmediate f) {
        LOWERINGS.put(mnemonic, i -> whole(i, f));
    }

    private static Op whole(Insn i, VectorOp.ByImmediate f) {
        return new VectorOp.Wholes(i, f.with((int) i.immediate()));
    }

    private static Op halves(Insn i, HalvesByImmediate f) {
        return new VectorOp.Halves(i, f.with((int) i.immediate()));
    }

    private static boolean isMmx(Insn i) {
        return i.row().args().get(0) == Arg.P;
    }

    private static void narrowing(String mnemonic, VectorOp.Half f) {
        LOWERINGS.put(mnemonic, i -> new VectorOp.Narrowing(i, f));
    }

    /** Each pair of neighbours becomes one element. */
    private static void pairs(String mnemonic, int bits, VectorOp.Half f) {
        narrowing(mnemonic, (low, high) -> pairs(low, bits, f) | pairs(high, bits, f) << 32);
    }

    private static long pairs(long half, int bits, VectorOp.Half f) {
        long result = 0;
        for (int at = 0; at < 64; at += 2 * bits) {
            long first = half << (64 - bits - at) >> (64 - bits);
            long second = half << (64 - 2 * bits - at) >> (64 - bits);
            result |= (f.apply(first, second) & -1L >>> (64 - bits)) << (at / 2);
        }
        return result;
    }

    private static void set(Cpu c, long low, long high) {
        c.low = low;
        c.high = high;
    }

    /** Two doublewords of a register, chosen by two bits each. */
    private static long doubles(long low, long high, int selection) {
        return doubleAt(low, high, selection) | doubleAt(low, high, selection >> 2) << 32;
    }

    static long doubleAt(long low, long high, int n) {
        return ((n & 2) == 0 ? low : high) >>> (32 * (n & 1)) & 0xffff_ffffL;
    }

    /** 64 bits out of 128, from a bit on; zeros follow. */
    private static long shiftedPair(long low, long high, int by) {
        return shiftRight(low, by) | shiftLeft(high, 64 - by) | shiftRight(high, by - 64);
    }

    /** PALIGNR: 16 bytes out of 32. */
    private static void align(Cpu c, long low, long high, int by) {
        switch (by >> 6) {
            case 0 -> set(c, shiftedPair(c.low, c.high, by), shiftedPair(c.high, low, by));
            case 1 -> set(c, shiftedPair(c.high, low, by - 64), shiftedPair(low, high, by - 64));
            case 2 -> set(c, shiftedPair(low, high, by - 128), shiftRight(high, by - 128));
            default -> set(c, shiftRight(high, by - 192), 0);
        }
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
    private static void variableBlend(String mnemonic, Blend f) {
        whole(mnemonic, n -> (c, low, high) -> set(c, f.apply(low, c.low, c.xmm[0]), f.apply(high, c.high, c.xmm[1])));
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
    private static final class Unpack extends VectorOp.Binary {
        private final VectorOp.Half interleave;
        private final boolean upper;

        Unpack(Insn i, VectorOp.Half interleave, boolean upper) {
            super(i, false);
            this.interleave = interleave;
            this.upper = upper;
        }

        @Override
        void work(Cpu c) {
            s.read(c);
            long low = c.low;
            long high = c.high;
            d.read(c);
            boolean mmx = d.size == 8;
            long a = upper && !mmx ? c.high : c.low;
            long b = upper && !mmx ? high : low;
            int from = upper && mmx ? 32 : 0;
            d.write(c, interleave.apply(a >>> from, b >>> from), interleave.apply(a >>> 32, b >>> 32));
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
