// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.examples.it;

import io.splitvisor.domu.Guest;
import io.splitvisor.domu.GuestDomain;
import io.splitvisor.domu.block.BlockDevice;
import io.splitvisor.domu.block.BlockIo;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * Writes {@link JournalRecord}s to disk {@code xvda}, one behind the other, several in flight, and says on its console up to
 * which they are durable. When it starts it looks for those of its earlier lives, says how many it found, and goes on behind
 * them. Its argument is how it makes them durable: {@code flush} or {@code barrier}.
 */
public final class JournalGuest implements Guest {
    private static final int SECTORS = JournalRecord.BYTES / 512;
    private static final int PAGES = JournalRecord.BYTES / 4096;
    private static final int MOST_IN_FLIGHT = 8;

    private final List<BlockIo> ios = new ArrayList<>();

    @Override
    public void run(GuestDomain domain) {
        boolean barrier = domain.arguments().contains("barrier");
        try (BlockDevice disk = domain.disk("xvda")) {
            long capacity = disk.size() / JournalRecord.BYTES;
            long next = recover(disk, capacity);
            System.out.println("found " + next);
            for (int i = 0; i < MOST_IN_FLIGHT; i++) {
                ios.add(disk.newIo(PAGES));
            }
            Random random = new Random(next);
            while (next + MOST_IN_FLIGHT <= capacity) {
                next += append(disk, next, 1 + random.nextInt(MOST_IN_FLIGHT), barrier);
                System.out.println("durable " + next);
            }
            System.out.println("full");
        }
    }

    private static long recover(BlockDevice disk, long capacity) {
        byte[] bytes = new byte[JournalRecord.BYTES];
        long number = 0;
        while (number < capacity) {
            disk.read(number * SECTORS, MemorySegment.ofArray(bytes));
            if (!JournalRecord.is(bytes, number)) {
                break;
            }
            number++;
        }
        return number;
    }

    /** Writes some records at once; when it returns they are durable. */
    private int append(BlockDevice disk, long first, int count, boolean barrier) {
        int together = barrier ? count - 1 : count;
        for (int i = 0; i < count; i++) {
            ios.get(i).buffer().copyFrom(MemorySegment.ofArray(JournalRecord.make(first + i)));
        }
        for (int i = 0; i < together; i++) {
            disk.queue().submit(ios.get(i).write((first + i) * SECTORS, JournalRecord.BYTES));
        }
        if (barrier) {
            // On the same ring it comes behind all of them, and makes them durable, too.
            disk.queue().submit(ios.get(together).barrier((first + together) * SECTORS, JournalRecord.BYTES));
        }
        for (int i = 0; i < count; i++) {
            ios.get(i).await();
        }
        if (!barrier) {
            disk.flush();
        }
        return count;
    }
}
