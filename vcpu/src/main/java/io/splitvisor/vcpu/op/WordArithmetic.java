// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.op;

import io.splitvisor.vcpu.cpu.Cpu;
import io.splitvisor.vcpu.cpu.Eflags;

/** Arithmetic and logic, as words. */
final class WordArithmetic {
    private WordArithmetic() {}

    static void add(Cpu c, long w) {
        add(c, w, Word.sum(c.r, w), 0);
    }

    static void addLoad(Cpu c, long w) {
        add(c, w, Word.load(c, w), 0);
    }

    static void addCarry(Cpu c, long w) {
        add(c, w, Word.sum(c.r, w), c.carry >>> 63);
    }

    static void addCarryLoad(Cpu c, long w) {
        add(c, w, Word.load(c, w), c.carry >>> 63);
    }

    /** Addition, or subtraction as addition of the complement, whose carry is the inverted borrow. */
    private static void add(Cpu c, long w, long b, long carry) {
        long[] r = c.r;
        long minus = Word.mask(w, Word.SUBTRACT);
        int d = Word.register(w);
        int up = Word.up(w);
        long a = r[d];
        long x = b ^ minus;
        long s = a + x + (carry ^ -minus);
        r[d | (int) w >>> Word.DISCARD << 5] = s << up >>> up;
        c.res = s << up >> up;
        c.carry = (((a & x) | ((a | x) & ~s)) ^ minus) << up;
        c.aux = (a ^ b ^ s) & Eflags.AF;
    }

    static void compareMemory(Cpu c, long w, long b) {
        long a = Word.load(c, w);
        c.flagsSub(a, b, a - b, Word.up(w));
    }

    static void logic(Cpu c, long w) {
        logic(c, w, Word.sum(c.r, w));
    }

    static void logicLoad(Cpu c, long w) {
        logic(c, w, Word.load(c, w));
    }

    private static void logic(Cpu c, long w, long b) {
        int d = Word.register(w);
        int up = Word.up(w);
        long a = c.r[d];
        long x = (a & b & Word.mask(w, Word.AND)) | ((a ^ b) & Word.mask(w, Word.XOR));
        c.r[d] = x << up >>> up;
        c.flagsLogic(x, up);
    }

    static void test(Cpu c, long w) {
        c.flagsLogic(c.r[Word.register(w)] & Word.sum(c.r, w), Word.up(w));
    }

    static void testMemory(Cpu c, long w, long b) {
        c.flagsLogic(Word.load(c, w) & b, Word.up(w));
    }

    /** INC and DEC leave CF alone. */
    static void step(Cpu c, long w) {
        int d = Word.register(w);
        int up = Word.up(w);
        long a = c.r[d];
        long by = Word.number(w);
        long s = a + by;
        c.r[d] = s << up >>> up;
        long overflow = (a ^ s) & (by ^ s);
        c.res = s << up >> up;
        c.carry = (c.carry & Long.MIN_VALUE) | ((overflow << up >>> 63) ^ c.carry >>> 63) << 62;
        c.aux = (a ^ s ^ 1) & Eflags.AF;
    }

    static void negate(Cpu c, long w) {
        int d = Word.register(w);
        int up = Word.up(w);
        long a = c.r[d];
        c.r[d] = -a << up >>> up;
        c.flagsSub(0, a, -a, up);
    }

    static void not(Cpu c, long w) {
        int d = Word.register(w);
        int up = Word.up(w);
        c.r[d] = ~c.r[d] << up >>> up;
    }

    static void shiftLeft(Cpu c, long w) {
        int n = (int) Word.number(w);
        int up = Word.up(w);
        long a = c.r[Word.register(w)];
        long s = a << n;
        // The first one that was shifted out, and the sign: OF is their difference.
        shifted(c, w, s, (a << up + n - 1 & Long.MIN_VALUE) | s << up >>> 63 << 62);
    }

    static void shiftRight(Cpu c, long w) {
        int n = (int) Word.number(w);
        int up = Word.up(w);
        long a = c.r[Word.register(w)] << up >>> up;
        long s = a >>> n;
        long out = a >>> n - 1 & 1;
        long overflow = (s ^ s << 1) << up >>> 63;
        shifted(c, w, s, out << 63 | (out ^ overflow) << 62);
    }

    static void shiftSigned(Cpu c, long w) {
        int n = (int) Word.number(w);
        int up = Word.up(w);
        long a = c.r[Word.register(w)] << up >> up;
        long out = a >> n - 1 & 1;
        shifted(c, w, a >> n, out << 63 | out << 62);
    }

    private static void shifted(Cpu c, long w, long s, long carry) {
        int up = Word.up(w);
        c.r[Word.register(w)] = s << up >>> up;
        c.res = s << up >> up;
        c.carry = carry;
        c.aux = 0;
    }

    static void multiply(Cpu c, long w) {
        multiply(c, w, c.r[Word.register(w)], c.r[Word.base(w)]);
    }

    static void multiplyConstant(Cpu c, long w) {
        multiply(c, w, c.r[Word.base(w)], Word.number(w));
    }

    static void multiplyLoad(Cpu c, long w) {
        multiply(c, w, c.r[Word.register(w)], Word.load(c, w));
    }

    /** IMUL. */
    private static void multiply(Cpu c, long w, long a, long b) {
        int up = Word.up(w);
        long x = a << up >> up;
        long y = b << up >> up;
        long p = x * y;
        c.r[Word.register(w)] = p << up >>> up;
        boolean overflow = up == 0 ? Math.multiplyHigh(x, y) != p >> 63 : p << up >> up != p;
        c.flagsLogic(p, up);
        c.carryOverflow(overflow, overflow);
    }
}
