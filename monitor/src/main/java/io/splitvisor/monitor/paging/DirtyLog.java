// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.paging;

import io.splitvisor.abi.paging.MmuFigures;
import io.splitvisor.abi.paging.PagingCounter;
import io.splitvisor.monitor.memory.FrameTable;
import java.util.BitSet;
import java.util.function.IntConsumer;

/**
 * Which frames of a domain have changed since the log was started, or last taken. Whoever keeps the domain's tables lets nobody
 * write to a page before it is marked. With the lock of the frames held.
 *
 * <p>Nobody waits for MMUs to forget that they might write to a page. Until each has said that it has, what it may still write
 * to counts as changed: once more at least.
 */
final class DirtyLog {
    private final FrameTable frames;
    private final MonitorMemory memory;
    private final int vcpus;
    private final BitSet dirty = new BitSet();

    /** What MMUs could write to before the last generation of the log, and may have since. */
    private final BitSet before = new BitSet();

    private long generation;
    private boolean running;

    DirtyLog(FrameTable frames, MonitorMemory memory, int vcpus) {
        this.frames = frames;
        this.memory = memory;
        this.vcpus = vcpus;
        frames.trackWriters();
    }

    boolean isRunning() {
        return running;
    }

    /** Whether a page may be writable: it is marked, or there is no log. */
    boolean mayBeWritable(long frame) {
        return !running || dirty.get((int) frame);
    }

    /** A frame changes, or may from now on. */
    void mark(long frame) {
        if (running && !dirty.get((int) frame)) {
            dirty.set((int) frame);
            memory.count(PagingCounter.DIRTIED);
        }
    }

    /**
     * Begins, with nothing marked; false if that has happened already (row T8).
     *
     * @param protect has to make all pages read-only
     */
    boolean begin(Runnable protect) {
        if (running) {
            return false;
        }
        running = true;
        dirty.clear();
        frames.startWriteLog();
        protect.run();
        before.clear();
        forEachPage((frame, _) -> before.set(frame));
        newGeneration();
        return true;
    }

    private void newGeneration() {
        memory.newGeneration();
        generation = memory.generation();
        forgetIfSeen();
    }

    /** If each MMU of the domain, by its own word, has seen the generation. One that has seen none is not in use. */
    private void forgetIfSeen() {
        for (int vcpu = 0; vcpu < vcpus; vcpu++) {
            long seen = MmuFigures.getAcquire(frames.vcpuControl(vcpu), MmuFigures.SEEN_GENERATION);
            if (seen != 0 && seen < generation) {
                return;
            }
        }
        before.clear();
    }

    private void forEachPage(Pages pages) {
        for (long frame = 0; frame < frames.frames(); frame++) {
            int machine = frames.machine(frame);
            if (machine != FrameTable.NONE && frames.isRam(machine)) {
                pages.page((int) frame, machine);
            }
        }
    }

    private interface Pages {
        void page(int frame, int machine);
    }

    /** Ends; false if it has not begun. */
    boolean stop() {
        if (!running) {
            return false;
        }
        running = false;
        dirty.clear();
        frames.stopWriteLog();
        return true;
    }

    /**
     * What is marked; bit 0 of the first word is frame 0. Pages that somebody else may write to just now, through a grant or
     * for events, count as changed, and so does what he had until then, and what hypercalls have answered into. Null if there
     * is no log.
     *
     * @param take whether the marks are taken away
     * @param protect has to make each frame whose mark is taken away read-only
     */
    long[] read(boolean take, IntConsumer protect) {
        if (!running) {
            return null;
        }
        BitSet read = (BitSet) dirty.clone();
        frames.readWriteLog(take, machine -> {
            int frame = frames.frame(machine);
            if (frame != FrameTable.NONE && frames.isRam(machine)) {
                read.set(frame);
            }
        });
        forEachPage((frame, machine) -> {
            if (frames.types().count(machine) > 0) {
                read.set(frame);
            }
        });
        read.or(before);
        if (take) {
            forgetIfSeen();
            before.or(dirty);
            dirty.stream().forEach(protect);
            dirty.clear();
            newGeneration();
        }
        return read.toLongArray();
    }
}
