// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.op;

import io.splitvisor.vcpu.cpu.Cpu;

/** Moves, as words: between registers, from and to memory, and of the flow. */
final class WordMoves {
    private WordMoves() {}

    /** Returns the registers, for the word that is paired with it. */
    static long[] move(Cpu c, long[] r, long w) {
        int up = Word.up(w);
        r[Word.register(w)] = Word.sum(r, w) << up >>> up;
        return r;
    }

    static void constant(Cpu c, long[] r, long w, long value) {
        r[Word.register(w)] = value;
    }

    static void moveSigned(Cpu c, long[] r, long w) {
        int up = Word.up(w);
        int from = (int) Word.number(w);
        r[Word.register(w)] = r[Word.base(w)] << from >> from << up >>> up;
    }

    static void load8(Cpu c, long[] r, long w) {
        r[Word.register(w)] = c.mmu.load8(Word.sum(r, w));
    }

    static void load16(Cpu c, long[] r, long w) {
        r[Word.register(w)] = c.mmu.load16(Word.sum(r, w));
    }

    static void load32(Cpu c, long[] r, long w) {
        r[Word.register(w)] = c.mmu.load32(Word.sum(r, w));
    }

    /** As {@link #move}. */
    static long[] load64(Cpu c, long[] r, long w) {
        r[Word.register(w)] = c.mmu.load64(Word.sum(r, w));
        return r;
    }

    static void loadSigned(Cpu c, long[] r, long w) {
        int up = Word.up(w);
        int bytes = 1 << Word.bytesShift(w);
        int from = 64 - 8 * bytes;
        r[Word.register(w)] = c.mmu.load(Word.sum(r, w), bytes) << from >> from << up >>> up;
    }

    static void store8(Cpu c, long[] r, long w) {
        c.mmu.store8(Word.sum(r, w), r[Word.register(w)]);
    }

    static void store16(Cpu c, long[] r, long w) {
        c.mmu.store16(Word.sum(r, w), r[Word.register(w)]);
    }

    static void store32(Cpu c, long[] r, long w) {
        c.mmu.store32(Word.sum(r, w), r[Word.register(w)]);
    }

    static void store64(Cpu c, long[] r, long w) {
        c.mmu.store64(Word.sum(r, w), r[Word.register(w)]);
    }

    static void storeConstant(Cpu c, long[] r, long w, long value) {
        c.mmu.store(Word.sum(r, w), 8 - (Word.up(w) >> 3), value);
    }

    static void push(Cpu c, long[] r, long w) {
        long sp = r[Cpu.RSP] - 8;
        c.mmu.store64(sp, r[Word.register(w)]);
        r[Cpu.RSP] = sp;
    }

    static void pop(Cpu c, long[] r, long w) {
        long sp = r[Cpu.RSP];
        r[Word.register(w)] = c.mmu.load64(sp);
        r[Cpu.RSP] = sp + 8;
    }

    static void set(Cpu c, long[] r, long w) {
        int d = Word.register(w);
        r[d] = (r[d] & ~0xffL) | (Word.holds(c, w) & 1);
    }

    static void moveIf(Cpu c, long[] r, long w) {
        int d = Word.register(w);
        int up = Word.up(w);
        long holds = Word.holds(c, w);
        r[d] = ((r[Word.base(w)] & holds) | (r[d] & ~holds)) << up >>> up;
    }

    static void jump(Cpu c, long[] r, long w) {
        c.rip = canonical(c, c.rip + Word.number(w));
    }

    static void jumpIf(Cpu c, long[] r, long w) {
        long distance = Word.number(w) & Word.holds(c, w);
        long to = c.rip + distance;
        if (to << 16 >> 16 != to && distance != 0) {
            throw c.gp(0);
        }
        c.rip = to;
    }

    static void call(Cpu c, long[] r, long w) {
        long to = canonical(c, c.rip + Word.number(w));
        long sp = r[Cpu.RSP] - 8;
        c.mmu.store64(sp, c.rip);
        r[Cpu.RSP] = sp;
        c.rip = to;
    }

    static void ret(Cpu c, long[] r) {
        long sp = r[Cpu.RSP];
        c.rip = canonical(c, c.mmu.load64(sp));
        r[Cpu.RSP] = sp + 8;
    }

    /** Checks a branch target before anything changes. */
    private static long canonical(Cpu c, long target) {
        if (target << 16 >> 16 != target) {
            throw c.gp(0);
        }
        return target;
    }
}
