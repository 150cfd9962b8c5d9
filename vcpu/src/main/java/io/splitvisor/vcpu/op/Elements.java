// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.op;

/**
 * How MMX and SSE move elements across a register: each method makes one half of a result, or part of one. Both tiers use these.
 */
public final class Elements {
    private static final long LOW = 0xffff_ffffL;
    private static final long EVEN_BYTES = 0x00ff_00ff_00ff_00ffL;
    private static final long EVEN_WORDS = 0x0000_ffff_0000_ffffL;

    private Elements() {}

    /** Four words, zero-extended, out of the low 32 bits, which are bytes. */
    private static long spreadBytes(long bytes) {
        long words = spreadWords(bytes);
        return (words | words << 8) & EVEN_BYTES;
    }

    private static long spreadWords(long words) {
        long low = words & LOW;
        return (low | low << 16) & EVEN_WORDS;
    }

    /** The low four bytes of two halves in turn. */
    public static long interleaveBytes(long d, long s) {
        return spreadBytes(d) | spreadBytes(s) << 8;
    }

    /** The high four bytes of two halves in turn. */
    public static long interleaveHighBytes(long d, long s) {
        return interleaveBytes(d >>> 32, s >>> 32);
    }

    /** The low two words of two halves in turn. */
    public static long interleaveWords(long d, long s) {
        return spreadWords(d) | spreadWords(s) << 16;
    }

    /** The high two words of two halves in turn. */
    public static long interleaveHighWords(long d, long s) {
        return interleaveWords(d >>> 32, s >>> 32);
    }

    /** The low doublewords of two halves. */
    public static long interleaveDoubles(long d, long s) {
        return (d & LOW) | s << 32;
    }

    /** Bytes of {@code s} where the top bits of those of {@code by} are set, else of {@code d}. */
    public static long pblendvb(long d, long s, long by) {
        return Lanes.choose(Lanes.fill(by & Lanes.BYTES, 8), s, d);
    }

    /** As {@link #pblendvb}, for doublewords. */
    public static long blendvps(long d, long s, long by) {
        return Lanes.choose(Lanes.fill(by & Lanes.DOUBLES, 32), s, d);
    }

    /** As {@link #pblendvb}, for a quadword. */
    public static long blendvpd(long d, long s, long by) {
        return by < 0 ? s : d;
    }

    /** Signed words to saturated bytes. */
    public static long packsswb(long low, long high) {
        return narrow(low, 16, Byte.MIN_VALUE, Byte.MAX_VALUE) | narrow(high, 16, Byte.MIN_VALUE, Byte.MAX_VALUE) << 32;
    }

    /** Signed words to saturated unsigned bytes. */
    public static long packuswb(long low, long high) {
        return narrow(low, 16, 0, 255) | narrow(high, 16, 0, 255) << 32;
    }

    /** Signed doublewords to saturated words. */
    public static long packssdw(long low, long high) {
        return narrow(low, 32, Short.MIN_VALUE, Short.MAX_VALUE)
                | narrow(high, 32, Short.MIN_VALUE, Short.MAX_VALUE) << 32;
    }

    /** Signed doublewords to saturated unsigned words. */
    public static long packusdw(long low, long high) {
        return narrow(low, 32, 0, 65535) | narrow(high, 32, 0, 65535) << 32;
    }

    private static long narrow(long half, int bits, long least, long most) {
        long result = 0;
        for (int at = 0; at < 64; at += bits) {
            long element = half << (64 - bits - at) >> (64 - bits);
            result |= (Math.max(least, Math.min(most, element)) & (1L << bits / 2) - 1) << (at / 2);
        }
        return result;
    }

    /** Four words of a half, chosen by two bits each. */
    public static long words(long half, long selection) {
        return word(half, selection)
                | word(half, selection >> 2) << 16
                | word(half, selection >> 4) << 32
                | word(half, selection >> 6) << 48;
    }

    private static long word(long half, long n) {
        return half >>> 16 * (n & 3) & 0xffff;
    }

    /** Bytes of a register, chosen by the bytes of {@code selection}; those with their top bit set give zero. */
    public static long bytes(long low, long high, long selection) {
        return byteAt(low, high, selection)
                | byteAt(low, high, selection >>> 8) << 8
                | byteAt(low, high, selection >>> 16) << 16
                | byteAt(low, high, selection >>> 24) << 24
                | byteAt(low, high, selection >>> 32) << 32
                | byteAt(low, high, selection >>> 40) << 40
                | byteAt(low, high, selection >>> 48) << 48
                | byteAt(low, high, selection >>> 56) << 56;
    }

    private static long byteAt(long low, long high, long n) {
        long half = low ^ ((low ^ high) & n << 60 >> 63);
        return half >>> 8 * (n & 7) & ~(n << 56 >> 63) & 0xff;
    }

    /** The low elements of a half, which get more bits, and zeros there. */
    public static long zeroExtend(long half, int from, int to) {
        long result = 0;
        for (int n = 0; n < 64 / to; n++) {
            result |= (half >>> n * from & (1L << from) - 1) << n * to;
        }
        return result;
    }

    /** The low elements of a half, which get more bits, and copies of their signs there. */
    public static long signExtend(long half, int from, int to) {
        long result = 0;
        for (int n = 0; n < 64 / to; n++) {
            result |= (half << 64 - from - n * from >> 64 - from & -1L >>> 64 - to) << n * to;
        }
        return result;
    }

    /** Sign bits of the bytes. */
    public static long byteSigns(long half) {
        return (half >>> 7 & 0x0101_0101_0101_0101L) * 0x0102_0408_1020_4080L >>> 56;
    }

    /** Sign bits of the doublewords. */
    public static long doubleSigns(long half) {
        return (half >>> 31 & 1) | half >>> 63 << 1;
    }

    /** The sign bit of a half. */
    public static long quadSigns(long half) {
        return half >>> 63;
    }
}
