// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.benchmarks.hypercalls;

import io.splitvisor.domu.Guest;
import io.splitvisor.domu.GuestDomain;
import io.splitvisor.domu.block.BlockDevice;
import io.splitvisor.domu.block.BlockIo;
import java.util.Arrays;
import java.util.concurrent.locks.LockSupport;

/** Reads 4 KiB of its disk from time to time, when it is told to ({@link Dialogue}), and answers how long that took. */
public final class NeighbourGuest implements Guest {
    private static final int BLOCK = 4096;
    private static final int SECTOR = 512;
    private static final long PAUSE_NANOS = 500_000;

    private BlockDevice disk;
    private BlockIo io;
    private long block;

    @Override
    public void run(GuestDomain domain) {
        disk = domain.disk("xvda");
        io = disk.newIo(1);
        Dialogue.follow((_, reads) -> read(reads.intValue()));
    }

    private void read(int reads) {
        double[] micros = new double[reads];
        for (int i = 0; i < reads; i++) {
            LockSupport.parkNanos(PAUSE_NANOS);
            block = (block + 7919) % (disk.size() / BLOCK);
            long start = System.nanoTime();
            disk.queue(0).submit(io.read(block * (BLOCK / SECTOR), BLOCK));
            io.await();
            micros[i] = (System.nanoTime() - start) / 1e3;
        }
        Arrays.sort(micros);
        Dialogue.answer("block-p50-us", micros[reads / 2]);
        Dialogue.answer("block-p99-us", micros[reads * 99 / 100]);
    }
}
