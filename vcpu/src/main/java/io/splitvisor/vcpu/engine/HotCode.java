// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.engine;

import io.splitvisor.vcpu.Tiers;
import io.splitvisor.vcpu.cpu.Cpu;
import io.splitvisor.vcpu.translate.Exits;
import io.splitvisor.vcpu.translate.Translation;
import io.splitvisor.vcpu.translate.Translator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;

/** Tier 1: has hot blocks translated, keeps the translations, and drops them when their code changes. */
final class HotCode {
    /** More regions than that push out one that has not run for a while. */
    private static final int MOST_REGIONS = 4096;

    private static final int PLACES = 1 << 10;
    /** Each time that a page's translations are overwritten doubles how hot its blocks have to be, up to this shift. */
    private static final int MOST_CHURN = 8;

    private final Cpu c;
    private final Tiers tiers;
    private final Translator translator;
    private final RegionFormer former;
    private final byte[] churn;
    private final Set<Region> live = new LinkedHashSet<>();
    /** Regions by where they were entered. */
    private final Region[] entered = new Region[PLACES];

    private final Queue<Runnable> finished = new ConcurrentLinkedQueue<>();
    private long translated;
    private long dropped;
    private long instructions;
    private long failed;
    private Throwable failure;

    HotCode(Cpu c, BlockCache cache, Tiers tiers) {
        this.c = c;
        this.tiers = tiers;
        this.translator = new Translator(c.mmu, tiers.ordered(), tiers.background());
        this.former = new RegionFormer(c, cache);
        this.churn = new byte[(int) (c.mmu.ram().byteSize() >>> 12) + 1];
    }

    /** The region that starts with a block and looks up the TLB that is in force, or null. */
    Region regionOf(Block b) {
        return b.regionFor(table());
    }

    private long[] table() {
        return c.mmu.tlb().bank(c.mmu.bank());
    }

    /** A block has reached the threshold, and is at the instruction pointer. Returns its region, if it has one now. */
    Region heated(Block b) {
        if (b.queued || !finished.isEmpty()) {
            install();
        }
        Region region = regionOf(b);
        if (region == null && b.isRipe(needed(b))) {
            submit(b, b.isCovered());
            region = regionOf(b);
        }
        return region;
    }

    /** @param wide whether blocks that other regions have may be in it, too */
    private void submit(Block b, boolean wide) {
        int executions = wide ? tiers.threshold() : b.executions();
        boolean fits = b.mode == Cpu.CODE64 && b.secondPage < 0 && !b.gone;
        RegionFormer.Formed formed = fits ? former.form(b, executions, wide) : null;
        if (formed == null) {
            b.cool();
            return;
        }
        long[] table = table();
        Region present = b.regionFor(table);
        if (present != null && present.blocks.equals(formed.blocks())) {
            return;
        }
        b.queued = translator.translate(
                formed.plan(),
                table,
                translation -> finished.add(() -> finish(formed, table, translation)),
                thrown -> finished.add(() -> fail(b, thrown)));
        if (!b.queued) {
            b.heat(0);
            return;
        }
        cover(formed.blocks());
        if (!tiers.background()) {
            install();
        }
    }

    /** What a region has is not worth another one soon: neither while the region is being made, nor when it is left in its middle. */
    private void cover(List<Block> blocks) {
        blocks.forEach(b -> b.cover(tiers.covered()));
    }

    private long needed(Block b) {
        int threshold = tiers.threshold();
        return threshold == Tiers.EVERYTHING ? threshold : (long) threshold << churn[(int) (b.offset >>> 12)];
    }

    /** Looks for translations that are ready. */
    void install() {
        for (Runnable next = finished.poll(); next != null; next = finished.poll()) {
            next.run();
        }
    }

    private void finish(RegionFormer.Formed formed, long[] table, Translation translation) {
        Block entry = formed.blocks().get(0);
        entry.queued = false;
        if (translation == null) {
            entry.cool();
            return;
        }
        if (formed.blocks().stream().anyMatch(b -> b.gone)) {
            entry.heat(0);
            return;
        }
        Region region = new Region(formed.blocks(), formed.deltas(), table, translation);
        Region narrower = entry.regionFor(table);
        if (narrower != null) {
            drop(narrower);
        }
        cover(formed.blocks());
        entry.enter(region);
        formed.blocks().forEach(b -> b.addUser(region));
        live.add(region);
        translated++;
        if (live.size() > MOST_REGIONS) {
            drop(leastUsed());
        }
    }

    /** The oldest that was not run since this was asked last. */
    private Region leastUsed() {
        while (true) {
            Region oldest = live.iterator().next();
            if (!oldest.takeUsed()) {
                return oldest;
            }
            live.remove(oldest);
            live.add(oldest);
        }
    }

    private void fail(Block b, Throwable thrown) {
        b.queued = false;
        b.cool();
        failed++;
        failure = thrown;
    }

    private int place() {
        return (int) (c.rip ^ c.rip >>> 10) & PLACES - 1;
    }

    /** A region that was entered before where the instruction pointer is now, and may be entered again, or null. */
    Region following() {
        Region region = entered[place()];
        return region != null && region.isAt(c) ? region : null;
    }

    /** Runs a region; returns what to do next. One that is entered very often is replaced by one with what surrounds it. */
    Exits.Next run(Region region, long most) {
        int place = place();
        if (entered[place] != region) {
            entered[place] = region;
        }
        if (region.countRun() == tiers.widening() && !region.isDead() && !region.entry.queued) {
            submit(region.entry, true);
        }
        long before = c.retired;
        Exits.Next next = region.run(c, most);
        instructions += c.retired - before;
        return next;
    }

    /** A block was overwritten. */
    void forget(Block b) {
        while (!b.users().isEmpty()) {
            drop(b.users().get(0));
            int page = (int) (b.offset >>> 12);
            churn[page] = (byte) Math.min(churn[page] + 1, MOST_CHURN);
        }
    }

    private void drop(Region region) {
        region.kill();
        live.remove(region);
        for (int n = 0; n < PLACES; n++) {
            if (entered[n] == region) {
                entered[n] = null;
            }
        }
        dropped++;
    }

    /** What happened so far. */
    Tiers.Statistics statistics() {
        return new Tiers.Statistics(translated, dropped, instructions, live.size(), failed, failure);
    }
}
