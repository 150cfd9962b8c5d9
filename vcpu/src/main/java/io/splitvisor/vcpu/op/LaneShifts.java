// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.op;

/**
 * Shifts of the elements of one half of a register, all elements of a long at once; see {@link Lanes}. Counts are unsigned; those that
 * are too large leave nothing but, in arithmetic shifts, signs.
 */
public final class LaneShifts {
    private static final long WORDS = 0x0001_0001_0001_0001L;
    private static final long DOUBLES = 0x0000_0001_0000_0001L;
    private static final long WORD = 0xffff;
    private static final long DOUBLE = 0xffff_ffffL;

    private LaneShifts() {}

    private static boolean within(long count, int bits) {
        return count >= 0 && count < bits;
    }

    private static int most(long count, int bits) {
        return within(count, bits) ? (int) count : bits - 1;
    }

    public static long psrlw(long d, long count) {
        return within(count, 16) ? d >>> count & (WORD >>> count) * WORDS : 0;
    }

    public static long psrld(long d, long count) {
        return within(count, 32) ? d >>> count & (DOUBLE >>> count) * DOUBLES : 0;
    }

    public static long psrlq(long d, long count) {
        return within(count, 64) ? d >>> count : 0;
    }

    public static long psllw(long d, long count) {
        return within(count, 16) ? d << count & (WORD << count & WORD) * WORDS : 0;
    }

    public static long pslld(long d, long count) {
        return within(count, 32) ? d << count & (DOUBLE << count & DOUBLE) * DOUBLES : 0;
    }

    public static long psllq(long d, long count) {
        return within(count, 64) ? d << count : 0;
    }

    /** What was shifted in is made of the sign, which has moved down to {@code signs}. */
    public static long psraw(long d, long count) {
        int by = most(count, 16);
        long signs = WORDS << 15 >>> by;
        return Lanes.subtract(psrlw(d, by) ^ signs, signs, WORDS << 15);
    }

    /** As {@link #psraw}. */
    public static long psrad(long d, long count) {
        int by = most(count, 32);
        return ((int) d >> by & DOUBLE) | d >> 32 >> by << 32;
    }
}
