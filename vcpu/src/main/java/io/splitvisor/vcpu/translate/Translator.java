// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.translate;

import io.splitvisor.vcpu.mmu.Mmu;
import java.util.IdentityHashMap;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/** Translates plans for one processor, on a thread that all processors of the JVM share, or at once. */
public final class Translator {
    /** More plans than that are not on their way at a time: a guest that keeps rewriting its code must not fill the JVM. */
    private static final int QUEUE = 256;

    private static final ScheduledThreadPoolExecutor BACKGROUND = background();
    private static final AtomicInteger ON_THEIR_WAY = new AtomicInteger();

    private final Mmu mmu;
    private final boolean ordered;
    private final boolean inBackground;
    private final IdentityHashMap<long[], AccessLoader> loaders = new IdentityHashMap<>();

    /**
     * @param mmu the processor's
     * @param ordered whether others may look at guest memory meanwhile
     * @param inBackground whether plans wait for the background thread
     */
    public Translator(Mmu mmu, boolean ordered, boolean inBackground) {
        this.mmu = mmu;
        this.ordered = ordered;
        this.inBackground = inBackground;
    }

    private static ScheduledThreadPoolExecutor background() {
        ScheduledThreadPoolExecutor executor = new ScheduledThreadPoolExecutor(
                1, Thread.ofPlatform().name("x86-translator").daemon().factory());
        executor.setKeepAliveTime(5, TimeUnit.SECONDS);
        executor.allowCoreThreadTimeOut(true);
        return executor;
    }

    /**
     * Translates a plan.
     *
     * @param table the bank of the TLB that the code runs with
     * @param done gets the translation, or null if the plan was too long, on whichever thread
     * @param failed gets what went wrong in translating, which is a defect
     * @return false if too many plans are on their way; {@code done} will not be called
     */
    public boolean translate(Plan plan, long[] table, Consumer<Translation> done, Consumer<Throwable> failed) {
        if (!inBackground) {
            attempt(plan, table, done, failed);
            return true;
        }
        if (ON_THEIR_WAY.incrementAndGet() > QUEUE) {
            ON_THEIR_WAY.decrementAndGet();
            return false;
        }
        BACKGROUND.execute(() -> attempt(plan, table, t -> ripen(t, arriving(done)), arriving(failed)));
        return true;
    }

    private static <T> Consumer<T> arriving(Consumer<T> to) {
        return what -> {
            ON_THEIR_WAY.decrementAndGet();
            to.accept(what);
        };
    }

    private static void ripen(Translation translation, Consumer<Translation> done) {
        if (translation == null) {
            done.accept(null);
        } else {
            new Ripening(translation.code(), BACKGROUND, () -> done.accept(translation)).start();
        }
    }

    private void attempt(Plan plan, long[] table, Consumer<Translation> done, Consumer<Throwable> failed) {
        Translation translation = null;
        try {
            for (Plan part = plan; part != null && translation == null; part = part.shorter()) {
                translation = new RegionClass(part).define(loader(table));
            }
        } catch (ReflectiveOperationException | RuntimeException | LinkageError e) {
            failed.accept(e);
            return;
        }
        done.accept(translation);
    }

    /** A processor's plans are translated one after the other, so that nothing else looks here. */
    private AccessLoader loader(long[] table) {
        return loaders.computeIfAbsent(table, t -> new AccessLoader(t, mmu.ram(), ordered));
    }
}
