// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.op;

/**
 * What MMX and SSE do with the elements of one half of a register, all elements of a long at once. A method has the name of its
 * instruction; {@code d} is a half of the destination, {@code s} the same half of the source. Both tiers use these.
 *
 * <p>Elements are kept apart by their top bits: sums and differences are made without them, so that no carry crosses, and the top bits
 * are put in last.
 */
public final class Lanes {
    static final long BYTES = 0x8080_8080_8080_8080L;
    private static final long WORDS = 0x8000_8000_8000_8000L;
    static final long DOUBLES = 0x8000_0000_8000_0000L;
    private static final long EVEN_BYTES = 0x00ff_00ff_00ff_00ffL;
    private static final long LOW = 0xffff_ffffL;

    private Lanes() {}

    static long add(long a, long b, long tops) {
        return (a & ~tops) + (b & ~tops) ^ ((a ^ b) & tops);
    }

    static long subtract(long a, long b, long tops) {
        return (a | tops) - (b & ~tops) ^ ((a ^ ~b) & tops);
    }

    /** All bits of the elements whose top bits are given, and which have {@code bits} bits. */
    static long fill(long tops, int bits) {
        long ones = tops >>> (bits - 1);
        return (ones << bits) - ones;
    }

    static long choose(long mask, long ifSet, long otherwise) {
        return otherwise ^ ((ifSet ^ otherwise) & mask);
    }

    private static long equal(long a, long b, long tops, int bits) {
        long differ = a ^ b;
        return fill(~((differ & ~tops) + ~tops | differ) & tops, bits);
    }

    private static long below(long a, long b, long tops, int bits) {
        return fill(((~a & b) | (~(a ^ b) & subtract(a, b, tops))) & tops, bits);
    }

    /** Signed numbers are in order as unsigned ones are when their top bits are inverted. */
    private static long less(long a, long b, long tops, int bits) {
        return below(a ^ tops, b ^ tops, tops, bits);
    }

    /** The extreme number with the sign of each element, where {@code overflow}. */
    private static long saturate(long value, long signs, long overflow, long tops, int bits) {
        return choose(fill(overflow & tops, bits), tops - ((~signs & tops) >>> (bits - 1)), value);
    }

    private static long addSigned(long a, long b, long tops, int bits) {
        long r = add(a, b, tops);
        return saturate(r, a, (a ^ r) & (b ^ r), tops, bits);
    }

    private static long subtractSigned(long a, long b, long tops, int bits) {
        long r = subtract(a, b, tops);
        return saturate(r, a, (a ^ b) & (a ^ r), tops, bits);
    }

    private static long addUnsigned(long a, long b, long tops, int bits) {
        long r = add(a, b, tops);
        return r | fill(((a & b) | ((a | b) & ~r)) & tops, bits);
    }

    private static long subtractUnsigned(long a, long b, long tops, int bits) {
        return subtract(a, b, tops) & ~below(a, b, tops, bits);
    }

    private static long absolute(long a, long tops, int bits) {
        long negative = fill(a & tops, bits);
        return subtract(a ^ negative, negative, tops);
    }

    private static long signed(long a, long by, long tops, int bits) {
        long negative = fill(by & tops, bits);
        return subtract(a ^ negative, negative, tops) & ~equal(by, 0, tops, bits);
    }

    private static long average(long a, long b, long tops) {
        return (a | b) - ((a ^ b) >>> 1 & ~tops);
    }

    private static long quads(boolean all) {
        return all ? -1 : 0;
    }

    // Sums and differences

    public static long paddb(long d, long s) {
        return add(d, s, BYTES);
    }

    public static long paddw(long d, long s) {
        return add(d, s, WORDS);
    }

    public static long paddd(long d, long s) {
        return (d + s & LOW) | (d & ~LOW) + (s & ~LOW);
    }

    public static long paddq(long d, long s) {
        return d + s;
    }

    public static long psubb(long d, long s) {
        return subtract(d, s, BYTES);
    }

    public static long psubw(long d, long s) {
        return subtract(d, s, WORDS);
    }

    public static long psubd(long d, long s) {
        return (d - s & LOW) | (d & ~LOW) - (s & ~LOW);
    }

    public static long psubq(long d, long s) {
        return d - s;
    }

    public static long paddsb(long d, long s) {
        return addSigned(d, s, BYTES, 8);
    }

    public static long paddsw(long d, long s) {
        return addSigned(d, s, WORDS, 16);
    }

    public static long psubsb(long d, long s) {
        return subtractSigned(d, s, BYTES, 8);
    }

    public static long psubsw(long d, long s) {
        return subtractSigned(d, s, WORDS, 16);
    }

    public static long paddusb(long d, long s) {
        return addUnsigned(d, s, BYTES, 8);
    }

    public static long paddusw(long d, long s) {
        return addUnsigned(d, s, WORDS, 16);
    }

    public static long psubusb(long d, long s) {
        return subtractUnsigned(d, s, BYTES, 8);
    }

    public static long psubusw(long d, long s) {
        return subtractUnsigned(d, s, WORDS, 16);
    }

    public static long pabsb(long d, long s) {
        return absolute(s, BYTES, 8);
    }

    public static long pabsw(long d, long s) {
        return absolute(s, WORDS, 16);
    }

    public static long pabsd(long d, long s) {
        return absolute(s, DOUBLES, 32);
    }

    public static long psignb(long d, long s) {
        return signed(d, s, BYTES, 8);
    }

    public static long psignw(long d, long s) {
        return signed(d, s, WORDS, 16);
    }

    public static long psignd(long d, long s) {
        return signed(d, s, DOUBLES, 32);
    }

    public static long pavgb(long d, long s) {
        return average(d, s, BYTES);
    }

    public static long pavgw(long d, long s) {
        return average(d, s, WORDS);
    }

    // Comparisons

    public static long pcmpeqb(long d, long s) {
        return equal(d, s, BYTES, 8);
    }

    public static long pcmpeqw(long d, long s) {
        return equal(d, s, WORDS, 16);
    }

    public static long pcmpeqd(long d, long s) {
        return equal(d, s, DOUBLES, 32);
    }

    public static long pcmpeqq(long d, long s) {
        return quads(d == s);
    }

    public static long pcmpgtb(long d, long s) {
        return less(s, d, BYTES, 8);
    }

    public static long pcmpgtw(long d, long s) {
        return less(s, d, WORDS, 16);
    }

    public static long pcmpgtd(long d, long s) {
        return less(s, d, DOUBLES, 32);
    }

    public static long pcmpgtq(long d, long s) {
        return quads(d > s);
    }

    public static long pminub(long d, long s) {
        return choose(below(d, s, BYTES, 8), d, s);
    }

    public static long pminuw(long d, long s) {
        return choose(below(d, s, WORDS, 16), d, s);
    }

    public static long pminud(long d, long s) {
        return choose(below(d, s, DOUBLES, 32), d, s);
    }

    public static long pminsb(long d, long s) {
        return choose(less(d, s, BYTES, 8), d, s);
    }

    public static long pminsw(long d, long s) {
        return choose(less(d, s, WORDS, 16), d, s);
    }

    public static long pminsd(long d, long s) {
        return choose(less(d, s, DOUBLES, 32), d, s);
    }

    public static long pmaxub(long d, long s) {
        return choose(below(d, s, BYTES, 8), s, d);
    }

    public static long pmaxuw(long d, long s) {
        return choose(below(d, s, WORDS, 16), s, d);
    }

    public static long pmaxud(long d, long s) {
        return choose(below(d, s, DOUBLES, 32), s, d);
    }

    public static long pmaxsb(long d, long s) {
        return choose(less(d, s, BYTES, 8), s, d);
    }

    public static long pmaxsw(long d, long s) {
        return choose(less(d, s, WORDS, 16), s, d);
    }

    public static long pmaxsd(long d, long s) {
        return choose(less(d, s, DOUBLES, 32), s, d);
    }

    // Products

    public static long pmullw(long d, long s) {
        return (d * s & 0xffff)
                | ((d >>> 16) * (s >>> 16) & 0xffff) << 16
                | ((d >>> 32) * (s >>> 32) & 0xffff) << 32
                | (d >>> 48) * (s >>> 48) << 48;
    }

    public static long pmulhw(long d, long s) {
        return (word(d, 0) * word(s, 0) >>> 16 & 0xffff)
                | (word(d, 16) * word(s, 16) & 0xffff_0000L)
                | (word(d, 32) * word(s, 32) >>> 16 & 0xffff) << 32
                | (word(d, 48) * word(s, 48) & 0xffff_0000L) << 32;
    }

    public static long pmulhuw(long d, long s) {
        return ((d & 0xffff) * (s & 0xffff) >>> 16)
                | ((d >>> 16 & 0xffff) * (s >>> 16 & 0xffff) & 0xffff_0000L)
                | (d >>> 32 & 0xffff) * (s >>> 32 & 0xffff) >>> 16 << 32
                | ((d >>> 48) * (s >>> 48) & 0xffff_0000L) << 32;
    }

    public static long pmulld(long d, long s) {
        return (d * s & LOW) | (d >>> 32) * (s >>> 32) << 32;
    }

    public static long pmuludq(long d, long s) {
        return (d & LOW) * (s & LOW);
    }

    public static long pmuldq(long d, long s) {
        return (long) (int) d * (int) s;
    }

    public static long pmaddwd(long d, long s) {
        return (word(d, 0) * word(s, 0) + word(d, 16) * word(s, 16) & LOW)
                | word(d, 32) * word(s, 32) + word(d, 48) * word(s, 48) << 32;
    }

    /** Unsigned bytes by signed ones, sums saturated to words. */
    public static long pmaddubsw(long d, long s) {
        return addSigned(productOfBytes(d, s), productOfBytes(d >>> 8, s >>> 8), WORDS, 16);
    }

    /** Of the even bytes. */
    private static long productOfBytes(long d, long s) {
        long signs = WORDS >>> 8;
        return pmullw(d & EVEN_BYTES, subtract((s & EVEN_BYTES) ^ signs, signs, WORDS));
    }

    private static long word(long half, int at) {
        return half << 48 - at >> 48;
    }

    public static long psadbw(long d, long s) {
        long greater = below(d, s, BYTES, 8);
        long differences = choose(greater, s, d) - choose(greater, d, s);
        long sums = (differences & EVEN_BYTES) + (differences >>> 8 & EVEN_BYTES);
        return sums * 0x0001_0001_0001_0001L >>> 48;
    }
}
