// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.engine;

import io.splitvisor.vcpu.cpu.Cpu;
import io.splitvisor.vcpu.decode.Decoder;
import io.splitvisor.vcpu.decode.Feature;
import io.splitvisor.vcpu.mmu.Tlb;
import io.splitvisor.vcpu.op.WordCode;
import io.splitvisor.vcpu.translate.Part;
import io.splitvisor.vcpu.translate.Plan;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Chooses the blocks of a region: from its entry along direct jumps, calls, and targets that have been seen, the hottest first, as
 * long as they are not much colder than the entry. What another region covers is left to that one, because the JVM's compilers have no
 * time to do it twice, unless the region is to be wide.
 */
final class RegionFormer {
    private static final int MOST_INSTRUCTIONS = 80;
    /** Straight code, which is cut into blocks only because these have an end, may go on for so many. */
    private static final int MOST_STRAIGHT = 200;
    /**
     * A block that was executed less than this part of the entry's times stays outside. To leave a region and come back costs more
     * than to compile a few more instructions.
     */
    private static final int COLDEST = 64;
    /** What returns to more places is not followed: it belongs to none of them. */
    private static final int MOST_RETURNS = 4;

    private final Cpu c;
    private final BlockCache cache;
    private final Decoder decoder;

    private final List<Block> blocks = new ArrayList<>();
    private final List<Part> parts = new ArrayList<>();
    private final Set<Long> seen = new HashSet<>();
    private final List<Candidate> candidates = new ArrayList<>();
    private long base;
    private int hot;
    private boolean wide;

    /** @param straight whether the flow runs into it from the block before */
    private record Candidate(Block block, long delta, boolean straight) {
        int mostInstructions() {
            boolean cut = block.count() == WordCode.MOST_INSTRUCTIONS;
            return straight || cut ? MOST_STRAIGHT : MOST_INSTRUCTIONS;
        }
    }

    /**
     * A region to be translated.
     *
     * @param blocks its blocks
     * @param deltas where they start, counted from the entry
     * @param plan the same, decoded
     */
    record Formed(List<Block> blocks, List<Long> deltas, Plan plan) {}

    RegionFormer(Cpu c, BlockCache cache) {
        this.c = c;
        this.cache = cache;
        this.decoder = new Decoder(Feature.announced(c.env.cpuid()));
    }

    /**
     * Forms a region.
     *
     * @param entry the block at the instruction pointer
     * @param executions how often that was executed
     * @param spread whether it is to be wide
     * @return null if the entry starts with an instruction that only the interpreter executes
     */
    Formed form(Block entry, int executions, boolean spread) {
        base = c.rip;
        wide = spread;
        hot = executions;
        blocks.clear();
        parts.clear();
        seen.clear();
        candidates.clear();
        candidates.add(new Candidate(entry, 0, false));
        seen.add(0L);
        int instructions = 0;
        while (!candidates.isEmpty()) {
            Candidate next = hottest();
            if (instructions + next.block.count() > next.mostInstructions() && instructions > 0) {
                continue;
            }
            Part part = decode(next);
            if (part == null || part.count() == 0) {
                if (instructions == 0) {
                    return null;
                }
                continue;
            }
            instructions += part.count();
            blocks.add(next.block);
            parts.add(part);
            follow(part);
        }
        return new Formed(List.copyOf(blocks), parts.stream().map(Part::delta).toList(), new Plan(parts));
    }

    private void follow(Part part) {
        boolean straight = part.ending() == Part.Ending.NEXT;
        if (part.ending() != Part.Ending.RETURN || part.observed().size() <= MOST_RETURNS) {
            part.successors().forEach(delta -> consider(delta, straight));
        }
    }

    /** How often a block was executed, as far as that is known: the interpreter does not see it where a translation executes it. */
    private int executions(Block b) {
        if (b.isCovered()) {
            return wide ? hot : Block.COLD;
        }
        return b.executions();
    }

    private Candidate hottest() {
        Candidate best = candidates.get(0);
        for (Candidate other : candidates) {
            if (executions(other.block) > executions(best.block)) {
                best = other;
            }
        }
        candidates.remove(best);
        return best;
    }

    private void consider(long delta, boolean straight) {
        if (seen.add(delta)) {
            Block b = find(base + delta);
            if (b != null && b.secondPage < 0 && executions(b) >= hot / COLDEST) {
                candidates.add(new Candidate(b, delta, straight));
            }
        }
    }

    /** The block at a linear address, if the TLB knows where that lies. */
    private Block find(long linear) {
        long[] table = c.mmu.tlb().bank(c.mmu.bank());
        int slot = Tlb.slot(linear);
        return table[slot + Tlb.EXECUTE] == (linear & -4096L)
                ? cache.find(linear + table[slot + Tlb.ADDEND], Cpu.CODE64)
                : null;
    }

    private Part decode(Candidate candidate) {
        Block b = candidate.block;
        byte[] code = new byte[b.length];
        MemorySegment.copy(c.mmu.ram(), ValueLayout.JAVA_BYTE, b.offset, code, 0, b.length);
        return Part.of(decoder, candidate.delta, code, b.count(), observed(b));
    }

    private List<Long> observed(Block b) {
        List<Long> targets = new ArrayList<>(2);
        for (Block follower : b.followers()) {
            if (follower.linear() != WordCode.NOWHERE) {
                targets.add(follower.linear() - base);
            }
        }
        return targets;
    }
}
