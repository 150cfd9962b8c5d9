// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.benchmarks.hypercalls;

import io.splitvisor.benchmarks.Figure;
import io.splitvisor.domu.Guest;
import io.splitvisor.domu.GuestDomain;
import io.splitvisor.domu.block.BlockDevice;
import io.splitvisor.domu.block.BlockIo;
import java.util.Arrays;
import java.util.concurrent.locks.LockSupport;

/** Reads 4 KiB of its disk from time to time, and prints how long that took, as {@link Figure}s. */
public final class NeighbourGuest implements Guest {
    private static final int BLOCK = 4096;
    private static final int SECTOR = 512;
    private static final int WARM_UP = 1000;
    private static final int READS = 4000;
    private static final long PAUSE_NANOS = 500_000;

    @Override
    public void run(GuestDomain domain) {
        BlockDevice disk = domain.disk("xvda");
        BlockIo io = disk.newIo(1);
        double[] micros = new double[READS];
        for (int i = -WARM_UP; i < READS; i++) {
            LockSupport.parkNanos(PAUSE_NANOS);
            long sector = Math.floorMod(i * 7919L, disk.size() / BLOCK) * (BLOCK / SECTOR);
            long start = System.nanoTime();
            disk.queue(0).submit(io.read(sector, BLOCK));
            io.await();
            if (i >= 0) {
                micros[i] = (System.nanoTime() - start) / 1e3;
            }
        }
        Arrays.sort(micros);
        System.out.println(new Figure("block-p50-us", micros[READS / 2]).line());
        System.out.println(new Figure("block-p99-us", micros[READS * 99 / 100]).line());
    }
}
