// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.block;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.dom0.store.BlockStore;
import io.splitvisor.dom0.store.StoreGeometry;
import io.splitvisor.dom0.store.StoreRequest;
import io.splitvisor.domu.block.BlockDevice;
import io.splitvisor.domu.block.BlockIo;
import io.splitvisor.domu.block.BlockSettings;
import io.splitvisor.host.HostFile;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Flushes and barriers against a disk with a cache that is lost: whatever was acknowledged before an acknowledged flush is
 * there when the power fails, at any moment.
 */
class BlockDurabilityTest {
    private static final int BLOCKS = 64;
    private static final int BLOCK = 4096;

    @TempDir
    Path folder;

    /** Writes go to a volatile copy; a flush makes durable what had been acknowledged when it was submitted. */
    private static final class CutStore implements BlockStore {
        private final HostFile volatileCopy;
        private final ExecutorService threads = Executors.newFixedThreadPool(3);
        private final long[] acknowledged = new long[BLOCKS];
        private long[] durable = new long[BLOCKS];

        CutStore(Path path) throws Exception {
            Files.write(path, new byte[BLOCKS * BLOCK]);
            volatileCopy = HostFile.open(path.toString(), HostFile.Access.READ_WRITE, false);
        }

        @Override
        public StoreGeometry geometry() {
            return new StoreGeometry(BLOCKS * BLOCK / 512, 512, 4096, false, true, false);
        }

        @Override
        public int depth() {
            return 4096;
        }

        @Override
        public int submit(StoreRequest request) {
            boolean flush = request.operation() == StoreRequest.Operation.FLUSH;
            long[] covered = flush ? snapshot() : null;
            threads.execute(() -> request.completed(flush ? harden(covered) : write(request)));
            return PENDING;
        }

        private synchronized long[] snapshot() {
            return acknowledged.clone();
        }

        private synchronized int harden(long[] covered) {
            for (int i = 0; i < BLOCKS; i++) {
                durable[i] = Math.max(durable[i], covered[i]);
            }
            return 0;
        }

        private int write(StoreRequest request) {
            long written = volatileCopy.writeVector(
                    request.data().address(), request.data().count(), request.offset());
            int block = (int) (request.offset() / BLOCK);
            try (java.lang.foreign.Arena arena = java.lang.foreign.Arena.ofConfined()) {
                var stamp = arena.allocate(8);
                volatileCopy.read(stamp.address(), 8, request.offset());
                synchronized (this) {
                    acknowledged[block] = Math.max(acknowledged[block], stamp.get(ValueLayout.JAVA_LONG, 0));
                }
            }
            return written < 0 ? (int) written : 0;
        }

        /** What would be there after a power failure now. */
        synchronized long[] cut() {
            return durable.clone();
        }

        @Override
        public void push() {
            // Requests were started one by one.
        }

        @Override
        public String name() {
            return "cut";
        }

        @Override
        public void close() {
            threads.shutdown();
            volatileCopy.close();
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void shouldHaveWhatAnAcknowledgedFlushCovers(long seed) throws Exception {
        Random random = new Random(seed);
        CutStore store = new CutStore(folder.resolve("cut"));
        try (BlockHost host = new BlockHost()) {
            GuestSide guest = GuestSide.create(host, 1024);
            host.backend().attach(BlockConfig.of(guest.domid(), BlockHost.XVDA, "xvda", store, false));
            try (BlockDevice disk =
                    BlockDevice.open(guest, BlockHost.XVDA, BlockSettings.defaults(), Duration.ofSeconds(10))) {
                assertThat(disk.features().barrier()).isTrue();
                long[] acknowledged = new long[BLOCKS];
                BlockIo[] ios = new BlockIo[20];
                for (int i = 0; i < ios.length; i++) {
                    ios[i] = disk.newIo(1);
                }
                long stamp = 0;
                for (int round = 0; round < 300; round++) {
                    int count = 1 + random.nextInt(ios.length - 1);
                    int first = random.nextInt(BLOCKS - count);
                    for (int i = 0; i < count; i++) {
                        ios[i].buffer().set(ValueLayout.JAVA_LONG, 0, ++stamp);
                        disk.queue().submit(ios[i].write((first + i) * 8L, BLOCK));
                    }
                    boolean barrier = random.nextInt(3) == 0;
                    if (barrier) {
                        // A barrier covers what stands before it in the ring, acknowledged or not.
                        BlockIo last = ios[count];
                        last.buffer().set(ValueLayout.JAVA_LONG, 0, ++stamp);
                        disk.queue().submit(last.barrier((first + count) * 8L, BLOCK));
                        last.await();
                        acknowledged[first + count] = stamp;
                    }
                    for (int i = 0; i < count; i++) {
                        ios[i].await();
                        acknowledged[first + i] = ios[i].buffer().get(ValueLayout.JAVA_LONG, 0);
                    }
                    if (!barrier) {
                        disk.flush();
                    }
                    long[] there = store.cut();
                    for (int block = 0; block < BLOCKS; block++) {
                        assertThat(there[block]).isEqualTo(acknowledged[block]);
                    }
                }
                for (BlockIo io : ios) {
                    io.close();
                }
            }
        }
    }
}
