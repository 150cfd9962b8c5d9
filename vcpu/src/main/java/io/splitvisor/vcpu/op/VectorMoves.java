// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.op;

import io.splitvisor.vcpu.cpu.Cpu;
import io.splitvisor.vcpu.decode.Arg;
import io.splitvisor.vcpu.decode.Insn;
import java.util.HashMap;
import java.util.Map;
import java.util.function.LongUnaryOperator;

/** Moves of XMM and MMX registers and of their elements. */
final class VectorMoves {
    static final Map<String, Lowering> LOWERINGS = new HashMap<>();

    static {
        for (String unaligned : new String[] {"movups", "movupd", "movdqu", "lddqu", "movq", "movntq"}) {
            LOWERINGS.put(unaligned, i -> new Move(i, true));
        }
        for (String aligned :
                new String[] {"movaps", "movapd", "movdqa", "movntps", "movntpd", "movntdq", "movntdqa"}) {
            LOWERINGS.put(aligned, i -> new Move(i, false));
        }
        LOWERINGS.put("movq2dq", i -> new Move(i, true));
        LOWERINGS.put("movdq2q", i -> new Move(i, true));
        LOWERINGS.put("movd", VectorMoves::general);
        LOWERINGS.put("movss", Scalar::new);
        LOWERINGS.put("movsd", Scalar::new);
        for (String type : new String[] {"ps", "pd"}) {
            LOWERINGS.put("movl" + type, i -> new Half(i, 0));
            LOWERINGS.put("movh" + type, i -> new Half(i, 1));
        }
        LOWERINGS.put("movhlps", i -> new Across(i, 0, 1));
        LOWERINGS.put("movlhps", i -> new Across(i, 1, 0));
        LOWERINGS.put("movmskps", i -> new Mask(i, 2, Elements::doubleSigns));
        LOWERINGS.put("movmskpd", i -> new Mask(i, 1, Elements::quadSigns));
        LOWERINGS.put("pmovmskb", i -> new Mask(i, 8, Elements::byteSigns));
        LOWERINGS.put("maskmovdqu", MaskedStore::new);
        LOWERINGS.put("maskmovq", MaskedStore::new);
        for (int log = 0; log < 4; log++) {
            int bits = 8 << log;
            String letter = "bwdq".substring(log, log + 1);
            LOWERINGS.put("pinsr" + letter, i -> new Insert(i, bits));
            LOWERINGS.put("pextr" + letter, i -> new Extract(i, bits));
            for (int toLog = log + 1; toLog < 4; toLog++) {
                int to = 8 << toLog;
                String letters = letter + "bwdq".charAt(toLog);
                LOWERINGS.put("pmovsx" + letters, i -> new Extend(i, bits, to, true));
                LOWERINGS.put("pmovzx" + letters, i -> new Extend(i, bits, to, false));
            }
        }
        LOWERINGS.put("extractps", i -> new Extract(i, 32));
        LOWERINGS.put("insertps", InsertSingle::new);
        LOWERINGS.put(
                "emms",
                i -> new FlagOps.Simple(c -> {
                    VectorOp.mmxAvailable(c);
                    c.fpu.top = 0;
                    c.fpu.full = 0;
                }));
    }

    private VectorMoves() {}

    /** The whole source; a register's upper half is cleared where the source has none. */
    private static final class Move extends VectorOp.Binary {
        private final boolean low;

        Move(Insn i, boolean unaligned) {
            super(i, unaligned);
            this.low = Math.min(d.size, s.size) == 8;
        }

        @Override
        void work(Cpu c) {
            s.read(c);
            d.write(c, c.low, low ? 0 : c.high);
        }
    }

    /** MOVSS and MOVSD: between registers the rest of the destination stays, from memory it is cleared. */
    private static final class Scalar extends VectorOp.Binary {
        private final long mask;

        Scalar(Insn i) {
            super(i, true);
            this.mask = Math.min(d.size, s.size) == 4 ? 0xffff_ffffL : -1;
        }

        @Override
        void work(Cpu c) {
            s.read(c);
            if (d instanceof Vec.Xmm r && s instanceof Vec.Xmm) {
                c.xmm[r.at] = (c.xmm[r.at] & ~mask) | (c.low & mask);
            } else {
                d.write(c, c.low, 0);
            }
        }
    }

    /** Half a register from or to memory. */
    private static final class Half extends VectorOp.Binary {
        private final int half;

        Half(Insn i, int half) {
            super(i, true);
            this.half = half;
        }

        @Override
        void work(Cpu c) {
            s.read(c);
            if (d instanceof Vec.Xmm r) {
                c.xmm[r.at + half] = c.low;
            } else {
                d.write(c, half == 0 ? c.low : c.high, 0);
            }
        }
    }

    private static final class Across extends VectorOp {
        private final int d;
        private final int s;

        Across(Insn i, int toHalf, int fromHalf) {
            super(i);
            this.d = 2 * i.reg() + toHalf;
            this.s = 2 * i.rm() + fromHalf;
        }

        @Override
        void work(Cpu c) {
            c.xmm[d] = c.xmm[s];
        }
    }

    /** MOVD and MOVQ from and to general registers or as much memory. */
    private static Op general(Insn i) {
        boolean toVector = i.row().args().get(0).kind() != Arg.Kind.RM;
        Vec vector = Vec.of(i, toVector ? 0 : 1, true);
        Operand general = Operand.of(i, toVector ? 1 : 0);
        return new VectorOp(i) {
            @Override
            void work(Cpu c) {
                if (toVector) {
                    vector.write(c, general.read(c), 0);
                } else {
                    vector.read(c);
                    general.write(c, c.low);
                }
            }
        };
    }

    /** The sign bits of all elements. */
    private static final class Mask extends VectorOp {
        private final int d;
        private final Vec s;
        private final int elements;
        private final LongUnaryOperator signs;

        /** @param elements in a half */
        Mask(Insn i, int elements, LongUnaryOperator signs) {
            super(i);
            this.d = i.reg();
            this.s = Vec.of(i, 1, true);
            this.elements = elements;
            this.signs = signs;
        }

        @Override
        void work(Cpu c) {
            s.read(c);
            c.r[d] = signs.applyAsLong(c.low) | signs.applyAsLong(c.high) << elements;
        }
    }

    /** Bytes whose sign is set in the second operand, to where rDI points. */
    private static final class MaskedStore extends VectorOp {
        private final Vec s;
        private final Vec mask;
        private final long addressMask;
        private final int segment;

        MaskedStore(Insn i) {
            super(i);
            this.s = Vec.of(i, 0, true);
            this.mask = Vec.of(i, 1, true);
            this.addressMask = -1L >>> (64 - 8 * i.addressBytes());
            this.segment = i.segmentOverride() == Insn.NO_SEGMENT ? Cpu.DS : i.segmentOverride();
        }

        @Override
        void work(Cpu c) {
            long at = c.linear(segment, c.r[Cpu.RDI] & addressMask, s.size, true);
            mask.read(c);
            long maskLow = c.low;
            long maskHigh = c.high;
            s.read(c);
            for (int n = 0; n < s.size; n++) {
                if (selected(maskLow, maskHigh, n)) {
                    c.mmu.probeStore(at + n, 1);
                }
            }
            for (int n = 0; n < s.size; n++) {
                if (selected(maskLow, maskHigh, n)) {
                    c.mmu.store8(at + n, (n < 8 ? c.low : c.high) >>> (8 * (n & 7)));
                }
            }
        }

        private static boolean selected(long low, long high, int n) {
            return ((n < 8 ? low : high) >>> (8 * (n & 7)) & 0x80) != 0;
        }
    }

    /** PINSRB and so on: one element from a general register or memory; REX.W makes PINSRD's one of 64 bits. */
    private static final class Insert extends VectorOp {
        private final Vec d;
        private final Operand s;
        private final int at;
        private final long mask;

        Insert(Insn i, int bits) {
            super(i);
            this.d = Vec.of(i, 0, true);
            this.s = Operand.of(i, 1);
            int width = bits == 32 ? 8 * s.size : bits;
            this.at = (int) i.immediate() * width & 8 * d.size - 1;
            this.mask = -1L >>> (64 - width) << (at & 63);
        }

        @Override
        void work(Cpu c) {
            long value = s.read(c) << (at & 63) & mask;
            d.read(c);
            if (at < 64) {
                d.write(c, (c.low & ~mask) | value, c.high);
            } else {
                d.write(c, c.low, (c.high & ~mask) | value);
            }
        }
    }

    private static final class Extract extends VectorOp {
        private final Operand d;
        private final Vec s;
        private final int at;
        private final long mask;

        Extract(Insn i, int bits) {
            super(i);
            this.d = Operand.of(i, 0);
            this.s = Vec.of(i, 1, true);
            int width = bits == 32 ? 8 * d.size : bits;
            this.at = (int) i.immediate() * width & 8 * s.size - 1;
            this.mask = -1L >>> (64 - width);
        }

        @Override
        void work(Cpu c) {
            s.read(c);
            d.write(c, (at < 64 ? c.low : c.high) >>> (at & 63) & mask);
        }
    }

    /** INSERTPS: any element of the source to any of the destination, then zeros. */
    private static final class InsertSingle extends VectorOp.Binary {
        private final int immediate;

        InsertSingle(Insn i) {
            super(i, true);
            this.immediate = i.hasMemory() ? (int) i.immediate() & 0x3f : (int) i.immediate();
        }

        @Override
        void work(Cpu c) {
            s.read(c);
            long value = VectorShuffles.doubleAt(c.low, c.high, immediate >> 6);
            d.read(c);
            long low = c.low;
            long high = c.high;
            for (int n = 0; n < 4; n++) {
                long mask = 0xffff_ffffL << (32 * (n & 1));
                boolean zero = (immediate >> n & 1) != 0;
                if (zero || n == (immediate >> 4 & 3)) {
                    long set = zero ? 0 : value << (32 * (n & 1));
                    low = n < 2 ? (low & ~mask) | set : low;
                    high = n < 2 ? high : (high & ~mask) | set;
                }
            }
            d.write(c, low, high);
        }
    }

    /** PMOVSX and PMOVZX: the low elements become wider. */
    private static final class Extend extends VectorOp.Binary {
        private final int from;
        private final int to;
        private final boolean signed;

        Extend(Insn i, int from, int to, boolean signed) {
            super(i, true);
            this.from = from;
            this.to = to;
            this.signed = signed;
        }

        @Override
        void work(Cpu c) {
            s.read(c);
            long rest = c.low >>> 64 / to * from;
            d.write(c, widen(c.low), widen(rest));
        }

        private long widen(long elements) {
            return signed ? Elements.signExtend(elements, from, to) : Elements.zeroExtend(elements, from, to);
        }
    }
}
