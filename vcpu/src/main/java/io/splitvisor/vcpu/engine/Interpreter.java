// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.engine;

import io.splitvisor.vcpu.Exit;
import io.splitvisor.vcpu.Tiers;
import io.splitvisor.vcpu.cpu.CodeWatch;
import io.splitvisor.vcpu.cpu.Cpu;
import io.splitvisor.vcpu.cpu.Eflags;
import io.splitvisor.vcpu.cpu.Environment;
import io.splitvisor.vcpu.cpu.Vector;
import io.splitvisor.vcpu.mmu.GuestFault;
import io.splitvisor.vcpu.mmu.Processors;
import io.splitvisor.vcpu.op.WordCode;
import io.splitvisor.vcpu.op.WordLoop;
import io.splitvisor.vcpu.translate.Exits;
import java.util.Arrays;

/** Tier 0, which executes blocks of decoded instructions, and the loop that chooses between it and tier 1. */
public final class Interpreter implements CodeWatch, Processors.Member {
    private static final int JUMP_CACHE = 1 << 14;

    private final Cpu c;
    private final BlockCache cache;
    private final BlockBuilder builder;
    private final Events events;
    private final WordCode code = new WordCode();
    /** Blocks by linear address; valid as far as their headers say. */
    private final int[] jumps = new int[JUMP_CACHE];

    private final Tiers tiers;
    private final HotCode hot;
    private final Processors.Place place;
    private Region runningRegion;
    private long limit;

    /** A processor after reset, in an environment, with nothing but this tier. */
    public Interpreter(Environment env) {
        this(env, Tiers.INTERPRETER);
    }

    /** A processor after reset, in an environment. */
    public Interpreter(Environment env, Tiers tiers) {
        this.tiers = tiers;
        this.c = new Cpu(env, this);
        this.cache = new BlockCache(c.mmu, this::forget);
        this.builder = new BlockBuilder(c, code);
        this.events = new Events(c);
        this.hot = new HotCode(c, cache, tiers);
        Processors others = env.memory().processors();
        this.place = others == null ? null : others.join(this);
        c.mmu.place(place);
    }

    /** Takes the processor out of those that share its memory. It does not run any more. */
    public void close() {
        if (place != null) {
            c.env.memory().processors().part(place);
        }
    }

    @Override
    public void callOver() {
        c.pending.others = true;
        c.attention = true;
    }

    @Override
    public void shareMemory() {
        c.mmu.share();
    }

    @Override
    public void forgetTranslations() {
        c.mmu.tlb().flush();
    }

    @Override
    public void dropCode(long offset, long size) {
        invalidate(offset, size);
    }

    private void forget(Block gone) {
        hot.forget(gone);
    }

    /** What tier 1 has done. */
    public Tiers.Statistics statistics() {
        return hot.statistics();
    }

    /** The state. */
    public Cpu cpu() {
        return c;
    }

    /**
     * Runs until something needs the host.
     *
     * @param budget instructions after which {@link Exit#BUDGET} ends the run; a block or a chunk of repetitions may
     *     exceed it
     */
    public Exit run(long budget) {
        if (c.host.waiting()) {
            throw new IllegalStateException("the last exit was not answered: " + c.host.exit());
        }
        if (c.pending.shutdown) {
            return Exit.TRIPLE_FAULT;
        }
        limit = c.retired + budget + 1;
        c.attention = true;
        if (place == null) {
            return run();
        }
        place.enter();
        try {
            return run();
        } finally {
            place.leave();
        }
    }

    private Exit run() {
        while (true) {
            try {
                return loop();
            } catch (GuestFault f) {
                Exit exit = fault(f);
                if (exit != null) {
                    return exit;
                }
            }
        }
    }

    /** Runs one instruction. */
    public Exit step() {
        c.pending.alone = true;
        c.debug.resume(true);
        return run(1);
    }

    /** Drops decoded code of a range of guest RAM that somebody else has changed. */
    public void invalidate(long offset, long size) {
        long end = offset + size;
        for (long at = offset; at < end; at = (at | 4095) + 1) {
            cache.invalidate(at, (int) Math.min(end - at, 4096 - (at & 4095)), WordCode.NONE);
        }
    }

    @Override
    public void codeWrite(long offset, int size) {
        boolean hitRunning = cache.invalidate(offset, size, code.running()) && code.count(code.running()) > 1;
        if (hitRunning || (runningRegion != null && runningRegion.isDead())) {
            c.pending.alone = true;
            c.attention = true;
            throw c.fault.restart();
        }
    }

    @Override
    public void aboutToTrap() {
        if (runningRegion != null || code.count(code.running()) > 1) {
            c.pending.alone = true;
            c.attention = true;
            throw c.fault.restart();
        }
    }

    private Exit loop() {
        int last = WordCode.NONE;
        Exits.Next next = Exits.Next.ANYTHING;
        int onTheWayBack = 0;
        while (true) {
            boolean alone = false;
            if (c.attention) {
                code.stop();
                // Counts against the budget, so that events without instructions in between end, too.
                limit--;
                if (c.pending.others) {
                    c.pending.others = false;
                    place.comeBy();
                }
                Exit exit = events.attend();
                if (exit != null) {
                    return exit;
                }
                alone = events.wantsOneAlone();
            }
            if (c.retired - limit >= 0) {
                return Exit.BUDGET;
            }
            if (alone) {
                oneAlone();
                last = WordCode.NONE;
                next = Exits.Next.ANYTHING;
                continue;
            }
            hot.install();
            last = next(last);
            long shape = code.words()[last];
            boolean heats = onTheWayBack == 0;
            if (!heats) {
                onTheWayBack--;
            } else if ((int) shape >= 0) {
                shape += WordCode.ONCE;
                code.words()[last] = shape;
            }
            boolean hotter = (int) shape < 0 || (int) (shape >>> 32) >= tiers.threshold();
            Region region = hotter ? regionOf(last, heats) : null;
            if (region != null && next != Exits.Next.INTERPRET && mayRun(region)) {
                next = translated(region);
                onTheWayBack = next == Exits.Next.ANYTHING ? 0 : tiers.wayBack();
                last = WordCode.NONE;
            } else {
                next = Exits.Next.ANYTHING;
                if (heats && c.mode == Cpu.CODE64) {
                    WordLoop.runOn(c, code, last, limit, tiers.threshold());
                    last = code.running();
                } else {
                    execute(last);
                }
            }
        }
    }

    /** The translation of a block that has one, or is hot enough to be given one if it {@code heats}. */
    private Region regionOf(int block, boolean heats) {
        Block b = cache.at(block);
        if (b == null || !tiers.translates()) {
            return null;
        }
        Region region = hot.regionOf(b);
        return region == null && heats ? hot.heated(b) : region;
    }

    private boolean mayRun(Region region) {
        return (!c.debug.armed() || region.avoidsBreakpoints(c)) && region.fits(c);
    }

    /** Runs a region, and those that follow as long as nothing else is to be looked at. */
    private Exits.Next translated(Region first) {
        code.stop();
        try {
            Exits.Next next = Exits.Next.ANYTHING;
            for (Region region = first; region != null; region = follows(next) ? hot.following() : null) {
                runningRegion = region;
                next = hot.run(region, limit - c.retired);
            }
            return next;
        } finally {
            runningRegion = null;
        }
    }

    private boolean follows(Exits.Next next) {
        return next == Exits.Next.ANYTHING && !c.attention && c.retired - limit < 0 && !c.debug.armed();
    }

    private void execute(int block) {
        WordLoop.run(c, code, block, ipMask());
    }

    private void oneAlone() {
        long linear = linearIp();
        int one = builder.build(linear, fetch(c, linear), 1);
        events.startAlone();
        execute(one);
        events.endAlone();
    }

    private long ipMask() {
        return c.mode == Cpu.CODE64 ? -1 : c.mode == Cpu.CODE32 ? 0xffff_ffffL : 0xffffL;
    }

    private long linearIp() {
        return c.linearIp();
    }

    /** The block to execute after another one. */
    private int next(int last) {
        if (last == WordCode.NONE || c.mode != Cpu.CODE64) {
            return lookup();
        }
        int follower = code.follower(c, last);
        return follower == WordCode.NONE ? follow(last) : follower;
    }

    private int follow(int last) {
        boolean cleared = code.isFull();
        int block = lookup();
        if (cleared) {
            return block;
        }
        code.follow(c, last, block);
        if (tiers.translates()) {
            noteFollower(last, block);
        }
        return block;
    }

    /** Translations ask which blocks have followed. */
    private void noteFollower(int last, int block) {
        Block b = cache.at(block);
        Block before = cache.at(last);
        if (b != null && before != null) {
            before.follow(b);
        }
    }

    private int lookup() {
        long linear = linearIp();
        int block = jumps[(int) (linear ^ linear >>> 12) & JUMP_CACHE - 1];
        return c.mode == Cpu.CODE64 && code.isAt(c, block, linear) ? block : lookupSlow(linear);
    }

    private void forgetWhenFull() {
        if (code.isFull()) {
            cache.clear();
            code.clear();
            Arrays.fill(jumps, WordCode.NONE);
        }
    }

    private int lookupSlow(long linear) {
        long offset = fetch(c, linear);
        forgetWhenFull();
        Block b = cache.find(offset, c.mode);
        boolean fits = b != null && (c.mode == Cpu.CODE64 || c.seg[Cpu.CS].covers(c.rip + b.length - 1));
        if (b != null && b.secondPage >= 0) {
            long next = (linear | 4095) + 1;
            fits &= fetch(c, c.mode == Cpu.CODE64 ? next : next & 0xffff_ffffL) == b.secondPage;
        }
        if (!fits) {
            if (c.mmu.shared()) {
                // Before the bytes are read, so that a store to them cannot slip through.
                c.mmu.watchCode(offset);
            }
            int built = builder.build(linear, offset, WordCode.MOST_INSTRUCTIONS);
            if (b != null) {
                // Same place, but another second page or another segment limit: not worth keeping both.
                return built;
            }
            b = builder.keep(built);
            b.headStart(tiers.headStart(b.count()));
            cache.add(b);
        }
        if (b.secondPage < 0 && c.mode == Cpu.CODE64) {
            b.foundAt(linear, c.mmu.context());
            jumps[(int) (linear ^ linear >>> 12) & JUMP_CACHE - 1] = b.index;
        }
        return b.index;
    }

    /** Where an instruction byte lies. Code in a device reads as all ones, which is no instruction: #UD. */
    static long fetch(Cpu c, long linear) {
        long offset = c.mmu.fetch(linear);
        if (offset < 0) {
            throw c.ud();
        }
        return offset;
    }

    private Exit fault(GuestFault f) {
        code.stop();
        return switch (f.kind()) {
            case RESTART -> null;
            case EXIT -> {
                c.attention = true;
                yield c.host.exit();
            }
            case HOST_FAILED -> {
                c.host.commit();
                throw f.failure();
            }
            case EXCEPTION -> {
                c.host.commit();
                yield events.exception(f.vector(), f.error(), f.address());
            }
            case NON_CANONICAL -> {
                c.host.commit();
                yield events.exception(stackAccess(f.address()) ? Vector.SS : Vector.GP, 0, 0);
            }
        };
    }

    /** Whether the instruction that made a non-canonical access made it through the stack segment. */
    private boolean stackAccess(long address) {
        return StackAccess.isThroughStack(c, builder, address);
    }

    /** Flags that make every instruction run alone. */
    static boolean singleStepping(Cpu c) {
        return (c.flags & Eflags.TF) != 0;
    }
}
