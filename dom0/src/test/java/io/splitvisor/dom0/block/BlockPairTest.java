// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.block;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.dom0.store.BlockStores;
import io.splitvisor.dom0.store.StoreOptions;
import io.splitvisor.domu.block.BlockDevice;
import io.splitvisor.domu.block.BlockIo;
import io.splitvisor.domu.block.BlockSettings;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BlockPairTest {
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final int SIZE = 8 << 20;

    @TempDir
    Path folder;

    private Path image() throws Exception {
        Path image = folder.resolve("disk.img");
        byte[] bytes = new byte[SIZE];
        new Random(1).nextBytes(bytes);
        Files.write(image, bytes);
        return image;
    }

    private static void attach(BlockHost host, GuestSide guest, Path image) {
        host.backend()
                .attach(BlockConfig.of(
                        guest.domid(),
                        BlockHost.XVDA,
                        "xvda",
                        BlockStores.open(image.toString(), StoreOptions.readWrite()),
                        false));
    }

    @ParameterizedTest
    @CsvSource({
        "1,0,true,true",
        "1,0,false,true",
        "1,0,true,false",
        "1,0,false,false",
        "4,2,true,true",
        "3,4,false,true"
    })
    void shouldReadWriteFlushAndDiscard(int queues, int order, boolean persistent, boolean indirect) throws Exception {
        Path image = image();
        byte[] before = Files.readAllBytes(image);
        try (BlockHost host = new BlockHost();
                Arena arena = Arena.ofShared()) {
            GuestSide guest = GuestSide.create(host, 4096);
            attach(host, guest, image);
            BlockDevice disk = BlockDevice.open(
                    guest, BlockHost.XVDA, new BlockSettings(queues, order, persistent, indirect), PATIENCE);
            assertThat(disk.size()).isEqualTo(SIZE);
            assertThat(disk.maxPages()).isEqualTo(indirect ? 256 : 11);

            MemorySegment all = arena.allocate(SIZE);
            disk.read(0, all);
            assertThat(all.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(before);

            MemorySegment piece = arena.allocate(200 * 512);
            piece.fill((byte) 0x5a);
            disk.write(3, piece);
            disk.flush();
            disk.discard(4096 / 512 * 100, 65536);
            System.arraycopy(piece.toArray(ValueLayout.JAVA_BYTE), 0, before, 3 * 512, 200 * 512);
            java.util.Arrays.fill(before, 409600, 409600 + 65536, (byte) 0);
            assertThat(Files.readAllBytes(image)).isEqualTo(before);
            disk.close();
            assertThat(guest.domain().grants().inUse()).isZero();
        }
    }

    @Test
    void shouldKeepManyRequestsInFlight() throws Exception {
        Path image = image();
        byte[] expected = Files.readAllBytes(image);
        try (BlockHost host = new BlockHost()) {
            GuestSide guest = GuestSide.create(host, 4096);
            attach(host, guest, image);
            BlockDevice disk = BlockDevice.open(guest, BlockHost.XVDA, BlockSettings.defaults(), PATIENCE);
            BlockIo[] ios = new BlockIo[48];
            long[] sectors = new long[ios.length];
            Random random = new Random(7);
            for (int i = 0; i < ios.length; i++) {
                ios[i] = disk.newIo(1);
                sectors[i] = random.nextInt(SIZE / 4096) * 8L;
                disk.queue().submit(ios[i].read(sectors[i], 4096));
            }
            int done = 0;
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
            while (done < 5000 && System.nanoTime() < end) {
                disk.queue().poll();
                for (int i = 0; i < ios.length; i++) {
                    if (ios[i].isDone()) {
                        assertThat(ios[i].status()).isZero();
                        assertThat(ios[i].buffer().get(ValueLayout.JAVA_LONG, 8))
                                .isEqualTo(MemorySegment.ofArray(expected)
                                        .get(ValueLayout.JAVA_LONG_UNALIGNED, sectors[i] * 512 + 8));
                        done++;
                        sectors[i] = random.nextInt(SIZE / 4096) * 8L;
                        disk.queue().submit(ios[i].read(sectors[i], 4096));
                    }
                }
            }
            assertThat(done).isGreaterThanOrEqualTo(5000);
            for (BlockIo io : ios) {
                io.await();
                io.close();
            }
            disk.close();
        }
    }

    @Test
    void shouldSleepAndWake() throws Exception {
        Path image = image();
        try (BlockHost host = new BlockHost()) {
            GuestSide guest = GuestSide.create(host, 4096);
            attach(host, guest, image);
            BlockDevice disk = BlockDevice.open(guest, BlockHost.XVDA, BlockSettings.defaults(), PATIENCE);
            Thread[] threads = new Thread[6];
            for (int t = 0; t < threads.length; t++) {
                threads[t] = Thread.ofVirtual().start(() -> {
                    try (Arena arena = Arena.ofConfined()) {
                        MemorySegment page = arena.allocate(4096);
                        for (int i = 0; i < 300; i++) {
                            disk.read(i * 8L, page);
                        }
                    }
                });
            }
            for (Thread thread : threads) {
                assertThat(thread.join(Duration.ofSeconds(30))).isTrue();
            }
            assertThat(disk.counters().requests()).isEqualTo(6 * 300);
            disk.close();
        }
    }

    @Test
    @Timeout(30)
    void shouldNotWaitForRequestsThatSomebodyElseHasReaped() throws Exception {
        Path image = image();
        try (BlockHost host = new BlockHost()) {
            GuestSide guest = GuestSide.create(host, 4096);
            attach(host, guest, image);
            BlockDevice disk = BlockDevice.open(guest, BlockHost.XVDA, BlockSettings.defaults(), PATIENCE);
            BlockIo io = disk.newIo(1);
            disk.queue().submit(io.read(0, 4096));
            while (!io.isDone()) {
                disk.queue().poll();
            }
            assertThat(disk.queue().pollOrWait()).as("nothing is in flight").isZero();
            io.close();
            disk.close();
        }
    }
}
