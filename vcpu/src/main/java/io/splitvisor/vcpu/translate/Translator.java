// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.translate;

import io.splitvisor.vcpu.mmu.Mmu;
import java.util.IdentityHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** Translates plans for one processor, on a thread that all processors of the JVM share, or at once. */
public final class Translator {
    private static final int QUEUE = 256;
    private static final ThreadPoolExecutor BACKGROUND = background();

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

    private static ThreadPoolExecutor background() {
        ThreadPoolExecutor executor = new ThreadPoolExecutor(
                1,
                1,
                5,
                TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(QUEUE),
                Thread.ofPlatform().name("x86-translator").daemon().factory());
        executor.allowCoreThreadTimeOut(true);
        return executor;
    }

    /**
     * Translates a plan.
     *
     * @param table the bank of the TLB that the code runs with
     * @param done gets the translation, or null if the plan was too long, on whichever thread
     * @param failed gets what went wrong in translating, which is a defect
     * @return false if too many plans wait; {@code done} will not be called
     */
    public boolean translate(Plan plan, long[] table, Consumer<Translation> done, Consumer<Throwable> failed) {
        if (!inBackground) {
            attempt(plan, table, done, failed);
            return true;
        }
        try {
            BACKGROUND.execute(() -> attempt(plan, table, done, failed));
            return true;
        } catch (RejectedExecutionException full) {
            return false;
        }
    }

    private void attempt(Plan plan, long[] table, Consumer<Translation> done, Consumer<Throwable> failed) {
        Translation translation;
        try {
            translation = new RegionClass(plan).define(loader(table));
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
