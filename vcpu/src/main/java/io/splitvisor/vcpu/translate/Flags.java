// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.translate;

import io.splitvisor.vcpu.cpu.Cpu;
import io.splitvisor.vcpu.cpu.Eflags;

/**
 * From flag operands (see {@link FlagKind}) to the lazy flags of {@link Cpu}, without branches: {@code carry} has CF in bit 63 and
 * CF xor OF in bit 62. Generated code calls these; they are small enough to be always inlined.
 */
public final class Flags {
    private static final long CF = Long.MIN_VALUE;
    private static final long CF_XOR_OF = 1L << 62;

    private Flags() {}

    /** The carry of an addition. */
    public static long carryAdd(long a, long b, long r, int up) {
        return ((a & b) | ((a | b) & ~r)) << up;
    }

    /** The borrow of a subtraction. */
    public static long carrySub(long a, long b, long r, int up) {
        return ((~a & b) | ((~a | b) & r)) << up;
    }

    /** Carry from bit 63 of {@code cf}, overflow from bit 63 of {@code of}. */
    public static long combine(long cf, long of) {
        return (cf & CF) | ((cf ^ of) >>> 1 & CF_XOR_OF);
    }

    /** After an increment to {@code r}; {@code cf} as before. */
    public static long carryInc(long cf, long r, int up) {
        return combine(cf, (~(r - 1) & r) << up);
    }

    /** After a decrement to {@code r}; {@code cf} as before. */
    public static long carryDec(long cf, long r, int up) {
        return combine(cf, ((r + 1) & ~r) << up);
    }

    /** After SHL, {@code a} shifted by one less. */
    public static long carryShl(long a, long r, int up) {
        return (a << up & CF) | (r << up >>> 1 & CF_XOR_OF);
    }

    /** After SHR, {@code a} shifted by one less. */
    public static long carryShr(long a, long r, int up) {
        return combine(a << 63, r << up ^ r << up << 1);
    }

    /** After SAR, {@code a} shifted by one less: no overflow. */
    public static long carrySar(long a) {
        return a << 63 >> 1;
    }

    /** After a multiplication: carry and overflow if {@code high} is not zero. */
    public static long carryMul(long high) {
        return (high | -high) & CF;
    }

    /** After ROL to {@code r}. */
    public static long carryRol(long r, int up) {
        return r << 63 | (r << up >>> 1 & CF_XOR_OF);
    }

    /** After ROR to {@code r}. */
    public static long carryRor(long r, int up) {
        return r << up & (CF | CF_XOR_OF);
    }

    /** A carry from bit 0 of {@code bit}, with the overflow of an older {@code carry}. */
    public static long carryBit(long bit, long carry) {
        return combine(bit << 63, carry ^ carry << 1);
    }

    /** AF of an addition or subtraction. */
    public static long auxiliary(long a, long b, long r) {
        return (a ^ b ^ r) & Eflags.AF;
    }

    /** AF of an increment to {@code r}. */
    public static long auxInc(long r) {
        return auxiliary(r - 1, 1, r);
    }

    /** AF of a decrement to {@code r}. */
    public static long auxDec(long r) {
        return auxiliary(r + 1, 1, r);
    }

    /** 1 unless all bits are zero. */
    public static long something(long bits) {
        return (bits | -bits) >>> 63;
    }

    /** 1 if the parity of the lazy flags is even, else 0. */
    public static int parity(long res, long aux) {
        return ~Integer.bitCount((int) (res ^ aux >>> 8) & 0xff) & 1;
    }

    /** {@code aux} that keeps SF, PF and AF of older lazy flags when {@code res} becomes 0 or 1, as after BSF and BSR. */
    public static long auxScan(long oldRes, long oldAux, long res) {
        long odd = 1L - parity(oldRes, oldAux);
        return ((oldRes ^ oldAux) & Long.MIN_VALUE) | (oldAux & Eflags.AF) | (odd ^ res) << 8;
    }

    /** {@code aux} that leaves PF clear with a count as the result, as after POPCNT. */
    public static long auxCount(long count) {
        return (long) parity(count, 0) << 8;
    }

    /** The lazy result, of any kind. */
    public static long result(int kind, long a, long b, long r) {
        int up = FlagKind.up(kind);
        return kind == FlagKind.CANONICAL ? r : r << up >> up;
    }

    /** The lazy carry, of any kind. */
    public static long carry(int kind, long a, long b, long r) {
        int up = FlagKind.up(kind);
        return switch (FlagKind.operation(kind)) {
            case FlagKind.CANONICAL -> a;
            case FlagKind.ADD, FlagKind.ADC -> carryAdd(a, b, r, up);
            case FlagKind.SUB, FlagKind.SBB -> carrySub(a, b, r, up);
            case FlagKind.INC -> carryInc(a, r, up);
            case FlagKind.DEC -> carryDec(a, r, up);
            case FlagKind.SHL -> carryShl(a, r, up);
            case FlagKind.SHR -> carryShr(a, r, up);
            case FlagKind.SAR -> carrySar(a);
            case FlagKind.MUL -> carryMul(a);
            default -> 0;
        };
    }

    /** The lazy auxiliary carry, of any kind. */
    public static long aux(int kind, long a, long b, long r) {
        return switch (FlagKind.operation(kind)) {
            case FlagKind.CANONICAL -> b;
            case FlagKind.ADD, FlagKind.ADC, FlagKind.SUB, FlagKind.SBB -> auxiliary(a, b, r);
            case FlagKind.INC -> auxInc(r);
            case FlagKind.DEC -> auxDec(r);
            default -> 0;
        };
    }
}
