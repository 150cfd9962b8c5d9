// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.translate;

import io.splitvisor.vcpu.mmu.Mmu;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** Translates plans for one processor, on a thread that all processors of the JVM share, or at once. */
public final class Translator {
    private static final int BANKS = 3;
    private static final int QUEUE = 256;
    private static final ThreadPoolExecutor BACKGROUND = background();

    private final Mmu mmu;
    private final boolean ordered;
    private final boolean inBackground;
    private final AccessLoader[] loaders = new AccessLoader[BANKS];

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
     * @param bank the TLB bank that the code runs with
     * @param done gets the translation, or null if the plan was too long, on whichever thread
     * @param failed gets what went wrong in translating, which is a defect
     * @return false if too many plans wait; {@code done} will not be called
     */
    public boolean translate(Plan plan, int bank, Consumer<Translation> done, Consumer<Throwable> failed) {
        if (!inBackground) {
            attempt(plan, bank, done, failed);
            return true;
        }
        try {
            BACKGROUND.execute(() -> attempt(plan, bank, done, failed));
            return true;
        } catch (RejectedExecutionException full) {
            return false;
        }
    }

    private void attempt(Plan plan, int bank, Consumer<Translation> done, Consumer<Throwable> failed) {
        Translation translation;
        try {
            translation = new RegionClass(plan).define(loader(bank));
        } catch (ReflectiveOperationException | RuntimeException | LinkageError e) {
            failed.accept(e);
            return;
        }
        done.accept(translation);
    }

    /** A processor's plans are translated one after the other, so that nothing else looks here. */
    private AccessLoader loader(int bank) {
        if (loaders[bank] == null) {
            loaders[bank] = new AccessLoader(mmu.tlb(), bank, mmu.ram(), ordered);
        }
        return loaders[bank];
    }
}
