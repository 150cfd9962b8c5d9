// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.engine;

import io.splitvisor.vcpu.Tiers;
import io.splitvisor.vcpu.cpu.Cpu;
import io.splitvisor.vcpu.translate.Exits;
import io.splitvisor.vcpu.translate.Translation;
import io.splitvisor.vcpu.translate.Translator;
import java.util.LinkedHashSet;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;

/** Tier 1: has hot blocks translated, keeps the translations, and drops them when their code changes. */
final class HotCode {
    /** More regions than that push out one that has not run for a while. */
    private static final int MOST_REGIONS = 4096;

    private static final int PLACES = 1 << 10;
    /** A block with this heat is never hot in any run that ends. */
    private static final int COLD = Integer.MIN_VALUE;
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
        if (region == null && !b.queued && b.heat() >= needed(b)) {
            submit(b);
            region = regionOf(b);
        }
        return region;
    }

    private void submit(Block b) {
        RegionFormer.Formed formed = b.mode == Cpu.CODE64 && b.secondPage < 0 && !b.gone ? former.form(b) : null;
        if (formed == null) {
            b.heat(COLD);
            return;
        }
        long[] table = table();
        b.queued = translator.translate(
                formed.plan(),
                table,
                translation -> finished.add(() -> finish(formed, table, translation)),
                thrown -> finished.add(() -> fail(b, thrown)));
        if (!b.queued) {
            b.heat(0);
        } else if (!tiers.background()) {
            install();
        }
    }

    private long needed(Block b) {
        int threshold = tiers.threshold();
        return threshold == Tiers.EVERYTHING ? threshold : (long) threshold << churn[(int) (b.offset >>> 12)];
    }

    private void install() {
        for (Runnable next = finished.poll(); next != null; next = finished.poll()) {
            next.run();
        }
    }

    private void finish(RegionFormer.Formed formed, long[] table, Translation translation) {
        Block entry = formed.blocks().get(0);
        entry.queued = false;
        if (translation == null) {
            entry.heat(COLD);
            return;
        }
        if (formed.blocks().stream().anyMatch(b -> b.gone)) {
            entry.heat(0);
            return;
        }
        Region region = new Region(formed.blocks(), formed.deltas(), table, translation);
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
        b.heat(COLD);
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

    /** Runs a region; returns what to do next. */
    Exits.Next run(Region region, long most) {
        int place = place();
        if (entered[place] != region) {
            entered[place] = region;
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
