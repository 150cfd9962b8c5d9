// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.engine;

import io.splitvisor.vcpu.cpu.Cpu;
import io.splitvisor.vcpu.mmu.GuestFault;
import io.splitvisor.vcpu.op.WordCode;
import io.splitvisor.vcpu.translate.Exits;
import io.splitvisor.vcpu.translate.RegionCode;
import io.splitvisor.vcpu.translate.Translation;
import java.util.List;

/** A translated region: which blocks it was made of, and where it may run. */
final class Region {
    /** Instructions after which a region looks outside: for interrupts, and for the end of the run. */
    private static final int SLICE = 20_000;

    final Block entry;
    final List<Block> blocks;
    private final List<Long> deltas;
    private final RegionCode code;
    private final Exits exits;
    private final boolean usesVectors;
    /** The bank of the TLB that the code looks up. */
    final long[] table;

    /** Another region with the same entry. */
    Region next;

    /** Where, and in which state of the TLB, the pages were last found to lie as they did when it was translated. */
    private long base = WordCode.NOWHERE;

    private long context;
    private boolean dead;
    private boolean used;
    private int runs;

    /**
     * @param blocks the entry first
     * @param deltas where they start, counted from the entry
     * @param table the bank of the TLB that the code looks up
     */
    Region(List<Block> blocks, List<Long> deltas, long[] table, Translation translation) {
        this.entry = blocks.get(0);
        this.blocks = blocks;
        this.deltas = deltas;
        this.table = table;
        this.code = translation.code();
        this.exits = translation.exits();
        this.usesVectors = translation.usesVectors();
    }

    boolean isDead() {
        return dead;
    }

    /** Whether it was run since this was asked last. */
    boolean takeUsed() {
        boolean was = used;
        used = false;
        return was;
    }

    /** Its code was overwritten, or its room is needed: it is not entered any more. */
    void kill() {
        dead = true;
        entry.leave(this);
        for (Block b : blocks) {
            b.heat(0);
            b.removeUser(this);
        }
    }

    /** Counts a run, and returns how many there were. */
    int countRun() {
        return ++runs;
    }

    /** Whether it may be entered at the processor's instruction pointer. */
    boolean fits(Cpu c) {
        return isAt(c) || (mayUseVectors(c) && liesHere(c));
    }

    /** Whether it may be entered, and was entered last where the processor's instruction pointer is. */
    boolean isAt(Cpu c) {
        return base == c.rip && context == c.mmu.context() && mayUseVectors(c) && !dead;
    }

    private boolean mayUseVectors(Cpu c) {
        return !usesVectors || c.sys.sseEnabled();
    }

    /** Whether it lies in no page with instruction breakpoints, entered at the processor's instruction pointer. */
    boolean avoidsBreakpoints(Cpu c) {
        for (long delta : deltas) {
            if (c.debug.watchesCode(c.rip + delta)) {
                return false;
            }
        }
        return true;
    }

    private boolean liesHere(Cpu c) {
        long at = c.rip;
        try {
            for (int n = 0; n < deltas.size(); n++) {
                long linear = at + deltas.get(n);
                if (c.mmu.fetch(linear) != blocks.get(n).offset) {
                    return false;
                }
            }
        } catch (GuestFault notThere) {
            return false;
        }
        base = at;
        context = c.mmu.context();
        return true;
    }

    /**
     * Runs it.
     *
     * @param most instructions
     * @return what to do next
     */
    Exits.Next run(Cpu c, long most) {
        int budget = (int) Math.min(most, SLICE);
        long start = c.rip;
        used = true;
        long result = code.run(c, c.r, start, budget);
        return exits.settle(c, result, start, budget);
    }
}
