// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.cgroup;

import io.splitvisor.dom0.config.CpuShare;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** The cgroup of one guest: its process and whatever that starts. */
public final class Cgroup {
    /** Xen's default weight, and what the kernel has for it. */
    private static final int XEN_DEFAULT = CpuShare.DEFAULT.weight();

    private static final int KERNEL_DEFAULT = 100;
    private static final int MAX_KERNEL_WEIGHT = 10_000;
    private static final int PERIOD_MICROS = 100_000;
    private static final int MICROS_PER_CAP = PERIOD_MICROS / 100;
    private static final int TRIES = 100;
    private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

    private final Path folder;
    private final Path refuge;

    /**
     * @param refuge where processes go that outlive the cgroup
     */
    Cgroup(Path folder, Path refuge) {
        this.folder = folder;
        this.refuge = refuge;
    }

    /** Where it is. */
    public Path folder() {
        return folder;
    }

    /** What a weight of Xen's is for the kernel: both have a proportion to the default. */
    static int kernelWeight(int weight) {
        return Math.clamp(Math.round((double) weight * KERNEL_DEFAULT / XEN_DEFAULT), 1, MAX_KERNEL_WEIGHT);
    }

    /** Sets what its processes get together. */
    public void apply(CpuShare share) throws IOException {
        Files.writeString(folder.resolve("cpu.weight"), Integer.toString(kernelWeight(share.weight())));
        String quota = share.cap() == 0 ? "max" : Long.toString((long) share.cap() * MICROS_PER_CAP);
        Files.writeString(folder.resolve("cpu.max"), quota + " " + PERIOD_MICROS);
    }

    /** Takes a process in, with all its threads, and the processes that it starts from now on. */
    public void add(long pid) throws IOException {
        Files.writeString(folder.resolve("cgroup.procs"), Long.toString(pid));
    }

    /**
     * Removes it. The kernel lets go of it a moment after its last process has died; processes that do not die are moved out.
     *
     * @throws IOException if it cannot be removed
     */
    public void remove() throws IOException {
        for (int left = TRIES; ; left--) {
            try {
                Files.delete(folder);
                return;
            } catch (NoSuchFileException _) {
                return;
            } catch (IOException e) {
                if (left == 0) {
                    throw e;
                }
                if (left == TRIES / 2) {
                    moveOut();
                }
                LockSupport.parkNanos(PAUSE_NANOS);
            }
        }
    }

    private void moveOut() throws IOException {
        for (String pid : Files.readAllLines(folder.resolve("cgroup.procs"))) {
            Files.writeString(refuge.resolve("cgroup.procs"), pid);
        }
    }
}
