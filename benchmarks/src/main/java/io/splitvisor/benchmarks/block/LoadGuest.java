// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.benchmarks.block;

import io.splitvisor.domu.Guest;
import io.splitvisor.domu.GuestDomain;
import io.splitvisor.domu.block.BlockDevice;
import io.splitvisor.domu.block.BlockIo;
import io.splitvisor.driver.frontend.FrontQueue;
import java.util.SplittableRandom;
import java.util.concurrent.locks.LockSupport;

/** Reads disk xvda as its arguments say (random|sequential, bytes, depth, pause in us, seconds) and prints a {@link Result}. */
public final class LoadGuest implements Guest {
    private static final int SECTOR = 512;
    private static final int PAGE = 4096;
    private static final long WARM_UP_NANOS = 1_500_000_000L;

    private BlockDevice disk;
    private FrontQueue queue;
    private BlockIo[] ios;
    private long[] started;
    private boolean random;
    private int bytes;
    private int pauseMicros;
    private long blocks;
    private long next;
    private final SplittableRandom numbers = new SplittableRandom(1);

    @Override
    public void run(GuestDomain domain) {
        random = domain.arguments().get(0).equals("random");
        bytes = Integer.parseInt(domain.arguments().get(1));
        int depth = Integer.parseInt(domain.arguments().get(2));
        pauseMicros = Integer.parseInt(domain.arguments().get(3));
        long seconds = Long.parseLong(domain.arguments().get(4));
        disk = domain.disk("xvda");
        queue = disk.queue(0);
        blocks = disk.size() / bytes;
        ios = new BlockIo[depth];
        started = new long[depth];
        for (int i = 0; i < depth; i++) {
            ios[i] = disk.newIo((bytes + PAGE - 1) / PAGE);
        }
        load(WARM_UP_NANOS);
        System.out.println(load(seconds * 1_000_000_000L).line());
    }

    private Result load(long nanos) {
        return ios.length == 1 ? oneByOne(nanos) : manyAtOnce(nanos);
    }

    private long nextSector() {
        long block = random ? numbers.nextLong(blocks) : next++ % blocks;
        return block * (bytes / SECTOR);
    }

    private Result oneByOne(long nanos) {
        Samples samples = new Samples();
        long begin = System.nanoTime();
        long now = begin;
        while (now - begin < nanos) {
            long start = System.nanoTime();
            queue.submit(ios[0].read(nextSector(), bytes));
            ios[0].await();
            now = System.nanoTime();
            samples.add(now - start);
            if (pauseMicros > 0) {
                LockSupport.parkNanos(pauseMicros * 1000L);
            }
        }
        return samples.over(now - begin);
    }

    private Result manyAtOnce(long nanos) {
        Samples samples = new Samples();
        BlockIo[] batch = new BlockIo[ios.length];
        boolean[] busy = new boolean[ios.length];
        long begin = System.nanoTime();
        long now = begin;
        boolean stopping = false;
        int inFlight = 0;
        while (!stopping || inFlight > 0) {
            int count = 0;
            for (int i = 0; i < ios.length; i++) {
                if (busy[i] && ios[i].isDone()) {
                    ios[i].await();
                    samples.add(now - started[i]);
                    busy[i] = false;
                    inFlight--;
                }
                if (!busy[i] && !stopping) {
                    batch[count++] = ios[i].read(nextSector(), bytes);
                    started[i] = now;
                    busy[i] = true;
                }
            }
            if (count > 0) {
                queue.submit(batch, count);
                inFlight += count;
            }
            if (inFlight > 0) {
                queue.pollOrWait();
            }
            now = System.nanoTime();
            stopping = now - begin > nanos;
        }
        return samples.over(now - begin);
    }
}
