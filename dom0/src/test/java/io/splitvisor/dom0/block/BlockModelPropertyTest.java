// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.block;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.dom0.store.BlockStores;
import io.splitvisor.dom0.store.StoreOptions;
import io.splitvisor.domu.block.BlockDevice;
import io.splitvisor.domu.block.BlockIo;
import io.splitvisor.domu.block.BlockSettings;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Random operations of several threads through front end, ring and back end, against byte arrays. Seeded. */
class BlockModelPropertyTest {
    private static final int THREADS = 3;
    private static final int REGION = 2 << 20;
    private static final int STEPS = 400;

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void shouldBehaveAsAByteArray(long seed) throws Exception {
        Random random = new Random(seed);
        Path image = folder.resolve("disk");
        try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
            file.setLength((long) THREADS * REGION);
        }
        BlockSettings settings =
                new BlockSettings(1 + random.nextInt(4), random.nextInt(5), random.nextBoolean(), random.nextBoolean());
        byte[][] models = new byte[THREADS][REGION];
        try (BlockHost host = new BlockHost();
                ExecutorService threads = Executors.newFixedThreadPool(THREADS)) {
            GuestSide guest = GuestSide.create(host, 8192);
            host.backend()
                    .attach(BlockConfig.of(
                            guest.domid(),
                            BlockHost.XVDA,
                            "xvda",
                            BlockStores.open(image.toString(), StoreOptions.readWrite()),
                            false));
            try (BlockDevice disk = BlockDevice.open(guest, BlockHost.XVDA, settings, Duration.ofSeconds(10))) {
                List<Future<?>> futures = new ArrayList<>();
                for (int t = 0; t < THREADS; t++) {
                    int region = t;
                    long threadSeed = random.nextLong();
                    futures.add(threads.submit(
                            () -> new Worker(disk, models[region], (long) region * REGION, threadSeed).run()));
                }
                for (Future<?> future : futures) {
                    future.get();
                }
                assertThat(host.backend()
                                .list(guest.domid())
                                .getFirst()
                                .statistics()
                                .errors())
                        .isZero();
            }
            assertThat(guest.domain().grants().inUse()).isZero();
        }
        byte[] result = Files.readAllBytes(image);
        for (int t = 0; t < THREADS; t++) {
            assertThat(Arrays.equals(result, t * REGION, (t + 1) * REGION, models[t], 0, REGION))
                    .isTrue();
        }
    }

    /** One thread with a region of its own. */
    private record Worker(BlockDevice disk, byte[] model, long base, long seed) {
        void run() {
            Random random = new Random(seed);
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment memory = arena.allocate(256 << 10);
                for (int i = 0; i < STEPS; i++) {
                    int bytes = 512 * (1 + random.nextInt(random.nextInt(10) == 0 ? 512 : 24));
                    int at = 512 * random.nextInt((REGION - bytes) / 512 + 1);
                    MemorySegment part = memory.asSlice(0, bytes);
                    switch (random.nextInt(10)) {
                        case 0 -> disk.flush();
                        case 1 -> discard(at, bytes);
                        case 2, 3, 4, 5 -> write(random, part, at, bytes);
                        case 6 -> burst(random);
                        default -> read(part, at, bytes);
                    }
                }
            }
        }

        private long sector(int at) {
            return (base + at) / 512;
        }

        private void read(MemorySegment part, int at, int bytes) {
            disk.read(sector(at), part);
            byte[] got = part.toArray(ValueLayout.JAVA_BYTE);
            assertThat(Arrays.equals(got, 0, bytes, model, at, at + bytes)).isTrue();
        }

        private void write(Random random, MemorySegment part, int at, int bytes) {
            byte[] data = new byte[bytes];
            random.nextBytes(data);
            MemorySegment.copy(data, 0, part, ValueLayout.JAVA_BYTE, 0, bytes);
            disk.write(sector(at), part);
            System.arraycopy(data, 0, model, at, bytes);
        }

        /** A file gives zeroes back. */
        private void discard(int at, int bytes) {
            disk.discard(sector(at), bytes);
            Arrays.fill(model, at, at + bytes, (byte) 0);
        }

        /** Many small requests in flight that do not touch each other. */
        private void burst(Random random) {
            int count = 1 + random.nextInt(60);
            int start = 512 * random.nextInt((REGION - count * 4096) / 512 + 1);
            BlockIo[] ios = new BlockIo[count];
            boolean[] writes = new boolean[count];
            for (int i = 0; i < count; i++) {
                ios[i] = disk.newIo(1);
                writes[i] = random.nextBoolean();
                int at = start + i * 4096;
                if (writes[i]) {
                    random.ints(8).forEach(n -> model[at + (n & 4095)] = (byte) n);
                    MemorySegment.copy(model, at, ios[i].buffer(), ValueLayout.JAVA_BYTE, 0, 4096);
                    ios[i].write(sector(at), 4096);
                } else {
                    ios[i].read(sector(at), 4096);
                }
            }
            if (random.nextBoolean()) {
                disk.queue().submit(ios, count);
            } else {
                for (BlockIo io : ios) {
                    disk.queue(random.nextInt(disk.queues())).submit(io);
                }
            }
            for (int i = 0; i < count; i++) {
                ios[i].await();
                int at = start + i * 4096;
                byte[] got = ios[i].buffer().toArray(ValueLayout.JAVA_BYTE);
                assertThat(Arrays.equals(got, 0, 4096, model, at, at + 4096)).isTrue();
                ios[i].close();
            }
        }
    }
}
