// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.op;

import io.splitvisor.vcpu.cpu.Cpu;
import io.splitvisor.vcpu.cpu.Eflags;

/** Arithmetic and logic, as words. */
final class WordArithmetic {
    private WordArithmetic() {}

    /** Returns the registers, for the word that is paired with it. */
    static long[] add(Cpu c, long[] r, long w) {
        add(c, r, w, Word.sum(r, w), 0);
        return r;
    }

    static void addLoad(Cpu c, long[] r, long w) {
        add(c, r, w, Word.load(c, r, w), 0);
    }

    static void addCarry(Cpu c, long[] r, long w) {
        add(c, r, w, Word.sum(r, w), c.carry >>> 63);
    }

    static void addCarryLoad(Cpu c, long[] r, long w) {
        add(c, r, w, Word.load(c, r, w), c.carry >>> 63);
    }

    /** Addition, or subtraction as addition of the complement, whose carry is the inverted borrow. */
    private static void add(Cpu c, long[] r, long w, long b, long carry) {
        long minus = Word.mask(w, Word.SUBTRACT);
        int up = Word.up(w);
        long a = r[Word.register(w)];
        long x = b ^ minus;
        long s = a + x + (carry ^ -minus);
        r[Word.destination(w)] = s << up >>> up;
        c.res = s << up >> up;
        c.carry = (((a & x) | ((a | x) & ~s)) ^ minus) << up;
        c.aux = (a ^ b ^ s) & Eflags.AF;
    }

    static void compareMemory(Cpu c, long[] r, long w) {
        compareMemory(c, r, w, r[Word.register(w)]);
    }

    static void compareMemory(Cpu c, long[] r, long w, long b) {
        long a = Word.load(c, r, w);
        c.flagsSub(a, b, a - b, Word.up(w));
    }

    /** Returns the registers, for the word that is paired with it. */
    static long[] logic(Cpu c, long[] r, long w) {
        logic(c, r, w, Word.sum(r, w));
        return r;
    }

    static void logicLoad(Cpu c, long[] r, long w) {
        logic(c, r, w, Word.load(c, r, w));
    }

    private static void logic(Cpu c, long[] r, long w, long b) {
        int up = Word.up(w);
        long a = r[Word.register(w)];
        long x = (a & b & Word.mask(w, Word.AND)) | ((a ^ b) & Word.mask(w, Word.XOR));
        r[Word.destination(w)] = x << up >>> up;
        c.flagsLogic(x, up);
    }

    static void testMemory(Cpu c, long[] r, long w) {
        testMemory(c, r, w, r[Word.register(w)]);
    }

    static void testMemory(Cpu c, long[] r, long w, long b) {
        c.flagsLogic(Word.load(c, r, w) & b, Word.up(w));
    }

    /** INC and DEC leave CF alone. */
    static void step(Cpu c, long[] r, long w) {
        int d = Word.register(w);
        int up = Word.up(w);
        long a = r[d];
        long by = Word.number(w);
        long s = a + by;
        r[d] = s << up >>> up;
        long overflow = (a ^ s) & (by ^ s);
        c.res = s << up >> up;
        c.carry = (c.carry & Long.MIN_VALUE) | ((overflow << up >>> 63) ^ c.carry >>> 63) << 62;
        c.aux = (a ^ s ^ 1) & Eflags.AF;
    }

    static void negate(Cpu c, long[] r, long w) {
        int d = Word.register(w);
        int up = Word.up(w);
        long a = r[d];
        r[d] = -a << up >>> up;
        c.flagsSub(0, a, -a, up);
    }

    static void not(Cpu c, long[] r, long w) {
        int d = Word.register(w);
        int up = Word.up(w);
        r[d] = ~r[d] << up >>> up;
    }

    static void shiftLeft(Cpu c, long[] r, long w) {
        int n = (int) Word.number(w);
        int up = Word.up(w);
        long a = r[Word.register(w)];
        long s = a << n;
        // The first one that was shifted out, and the sign: OF is their difference.
        shifted(c, r, w, s, (a << up + n - 1 & Long.MIN_VALUE) | s << up >>> 63 << 62);
    }

    static void shiftRight(Cpu c, long[] r, long w) {
        int n = (int) Word.number(w);
        int up = Word.up(w);
        long a = r[Word.register(w)] << up >>> up;
        long s = a >>> n;
        long out = a >>> n - 1 & 1;
        long overflow = (s ^ s << 1) << up >>> 63;
        shifted(c, r, w, s, out << 63 | (out ^ overflow) << 62);
    }

    static void shiftSigned(Cpu c, long[] r, long w) {
        int n = (int) Word.number(w);
        int up = Word.up(w);
        long a = r[Word.register(w)] << up >> up;
        long out = a >> n - 1 & 1;
        shifted(c, r, w, a >> n, out << 63 | out << 62);
    }

    private static void shifted(Cpu c, long[] r, long w, long s, long carry) {
        int up = Word.up(w);
        r[Word.register(w)] = s << up >>> up;
        c.res = s << up >> up;
        c.carry = carry;
        c.aux = 0;
    }

    static void multiply(Cpu c, long[] r, long w) {
        multiply(c, r, w, r[Word.register(w)], r[Word.base(w)]);
    }

    static void multiplyConstant(Cpu c, long[] r, long w) {
        multiply(c, r, w, r[Word.base(w)], Word.number(w));
    }

    static void multiplyLoad(Cpu c, long[] r, long w) {
        multiply(c, r, w, r[Word.register(w)], Word.load(c, r, w));
    }

    /** IMUL. */
    private static void multiply(Cpu c, long[] r, long w, long a, long b) {
        int up = Word.up(w);
        long x = a << up >> up;
        long y = b << up >> up;
        long p = x * y;
        r[Word.register(w)] = p << up >>> up;
        boolean overflow = up == 0 ? Math.multiplyHigh(x, y) != p >> 63 : p << up >> up != p;
        c.flagsLogic(p, up);
        c.carryOverflow(overflow, overflow);
    }
}
