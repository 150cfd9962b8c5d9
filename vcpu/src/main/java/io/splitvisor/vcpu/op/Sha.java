// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.op;

/**
 * Rounds and message schedules of SHA-1 and SHA-256, as SHA's instructions have them: each method makes one half of a result from
 * halves of the destination {@code d}, the source {@code s} and XMM0 {@code x}. Both tiers use these. Where both halves need the same
 * rounds, both methods compute them; in a translation the JVM's compiler sees that. SDM volume 2, 4.3.
 */
public final class Sha {
    private static final long LOW = 0xffff_ffffL;

    private Sha() {}

    private static long pair(int upper, int lower) {
        return (long) upper << 32 | lower & LOW;
    }

    private static int upper(long pair) {
        return (int) (pair >>> 32);
    }

    // SHA-256

    /** What a round adds to both A and E. */
    private static int sum(int e, int f, int g, int h, int wk) {
        int choice = g ^ (e & (f ^ g));
        return h + wk + choice + (Integer.rotateRight(e, 6) ^ Integer.rotateRight(e, 11) ^ Integer.rotateRight(e, 25));
    }

    /** What a round adds to A alone. */
    private static int sumOfA(int a, int b, int c) {
        int majority = (a & b) | ((a | b) & c);
        return majority + (Integer.rotateRight(a, 2) ^ Integer.rotateRight(a, 13) ^ Integer.rotateRight(a, 22));
    }

    /** E and F after two rounds. */
    public static long sha256Low(long d0, long d1, long s0, long s1, long x0) {
        int first = sum(upper(s0), (int) s0, upper(d0), (int) d0, (int) x0);
        int e = first + (int) d1;
        int second = sum(e, upper(s0), (int) s0, upper(d0), upper(x0));
        return pair(second + upper(d1), e);
    }

    /** A and B after two rounds. */
    public static long sha256High(long d0, long d1, long s0, long s1, long x0) {
        int first = sum(upper(s0), (int) s0, upper(d0), (int) d0, (int) x0);
        int e = first + (int) d1;
        int second = sum(e, upper(s0), (int) s0, upper(d0), upper(x0));
        int a = first + sumOfA(upper(s1), (int) s1, upper(d1));
        return pair(second + sumOfA(a, upper(s1), (int) s1), a);
    }

    private static int small0(int w) {
        return Integer.rotateRight(w, 7) ^ Integer.rotateRight(w, 18) ^ w >>> 3;
    }

    private static int small1(int w) {
        return Integer.rotateRight(w, 17) ^ Integer.rotateRight(w, 19) ^ w >>> 10;
    }

    /** Half of SHA256MSG1: two words, and the one behind them. */
    public static long sha256Message1(long d, long next) {
        return pair(upper(d) + small0((int) next), (int) d + small0(upper(d)));
    }

    /** Half of SHA256MSG2: to two words, from the two that are two further back. */
    public static long sha256Message2(long d, long before) {
        return pair(upper(d) + small1(upper(before)), (int) d + small1((int) before));
    }

    // SHA-1

    private static int mix(int b, int c, int d, long function) {
        return switch ((int) function & 3) {
            case 0 -> (d ^ (b & (c ^ d))) + 0x5a82_7999;
            case 1 -> (b ^ c ^ d) + 0x6ed9_eba1;
            case 2 -> ((b & c) | ((b | c) & d)) + 0x8f1b_bcdc;
            default -> (b ^ c ^ d) + 0xca62_c1d6;
        };
    }

    /** A and B after two rounds, before which E is part of {@code words}. */
    private static long twoRounds(long high, long low, long words, int e, long function) {
        int a = upper(high);
        int b = (int) high;
        int c = upper(low);
        int d = (int) low;
        int first = Integer.rotateLeft(a, 5) + mix(b, c, d, function) + upper(words) + e;
        int turned = Integer.rotateLeft(b, 30);
        int second = Integer.rotateLeft(first, 5) + mix(a, turned, c, function) + (int) words + d;
        return pair(second, first);
    }

    /** C and D after two rounds of A and B, {@code high} before. */
    private static long turned(long high) {
        return pair(Integer.rotateLeft(upper(high), 30), Integer.rotateLeft((int) high, 30));
    }

    /** C and D after four rounds. */
    public static long sha1Low(long d0, long d1, long s1, long function) {
        return turned(twoRounds(d1, d0, s1, 0, function));
    }

    /** A and B after four rounds. */
    public static long sha1High(long d0, long d1, long s0, long s1, long function) {
        long middle = twoRounds(d1, d0, s1, 0, function);
        // What is C before the first of them is E before the third.
        return twoRounds(middle, turned(d1), s0, upper(d0), function);
    }

    /** E of the next four rounds added to a half of the message. */
    public static long sha1Next(long d1, long s1) {
        return s1 + ((long) Integer.rotateLeft(upper(d1), 30) << 32);
    }

    /** Half of SHA1MSG2: two words, and what they are combined with. */
    private static long schedule(long d, int upper, int lower) {
        return pair(Integer.rotateLeft(upper(d) ^ upper, 1), Integer.rotateLeft((int) d ^ lower, 1));
    }

    /** The high half of SHA1MSG2. */
    public static long sha1Message2High(long d1, long s0, long s1) {
        return schedule(d1, (int) s1, upper(s0));
    }

    /** The low half of SHA1MSG2, whose last word needs the first of the high half. */
    public static long sha1Message2Low(long d0, long d1, long s0, long s1) {
        return schedule(d0, (int) s0, upper(sha1Message2High(d1, s0, s1)));
    }
}
