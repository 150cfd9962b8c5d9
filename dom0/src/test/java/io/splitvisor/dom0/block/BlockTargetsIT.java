// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.block;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.dom0.store.BlockStore;
import io.splitvisor.dom0.store.BlockStores;
import io.splitvisor.dom0.store.StoreOptions;
import io.splitvisor.domu.block.BlockDevice;
import io.splitvisor.domu.block.BlockSettings;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The pair on real targets: loop devices, past the page cache, and a full file system. Root only, otherwise skipped. */
class BlockTargetsIT {
    private static final int SIZE = 4 << 20;

    @TempDir
    Path folder;

    private static String run(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        Assumptions.assumeTrue(
                process.waitFor() == 0, () -> String.join(" ", command) + " is not possible here: " + output);
        return output.strip();
    }

    private static void assumeRootWith(String tool) {
        Assumptions.assumeTrue("root".equals(System.getProperty("user.name")), "only root can make devices");
        boolean there = List.of("/sbin/", "/usr/sbin/", "/bin/", "/usr/bin/").stream()
                .anyMatch(dir -> Files.isExecutable(Path.of(dir + tool)));
        Assumptions.assumeTrue(there, tool + " is not installed");
    }

    private Path image() throws IOException {
        Path image = folder.resolve("image");
        try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
            file.setLength(SIZE);
        }
        return image;
    }

    /** Writes all of a store through a ring, reads it back, and answers what was written. */
    private static byte[] exercise(BlockStore store) throws Exception {
        byte[] data = new byte[SIZE];
        new Random(3).nextBytes(data);
        try (BlockHost host = new BlockHost();
                Arena arena = Arena.ofConfined()) {
            GuestSide guest = GuestSide.create(host, 2048);
            host.backend().attach(BlockConfig.of(guest.domid(), BlockHost.XVDA, "xvda", store, false));
            try (BlockDevice disk =
                    BlockDevice.open(guest, BlockHost.XVDA, BlockSettings.defaults(), Duration.ofSeconds(10))) {
                MemorySegment memory = arena.allocate(SIZE);
                MemorySegment.copy(data, 0, memory, ValueLayout.JAVA_BYTE, 0, SIZE);
                disk.write(0, memory);
                disk.flush();
                if (disk.features().discard()) {
                    disk.discard(0, 1 << 20);
                    disk.write(0, memory.asSlice(0, 1 << 20));
                    disk.flush();
                }
                memory.fill((byte) 0);
                disk.read(0, memory);
                assertThat(memory.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(data);
            }
        }
        return data;
    }

    @ParameterizedTest
    @ValueSource(ints = {512, 4096})
    void shouldServeALoopDevice(int sectorSize) throws Exception {
        assumeRootWith("losetup");
        Path image = image();
        String device = run("losetup", "--show", "-f", "-b", Integer.toString(sectorSize), image.toString());
        try {
            BlockStore store = BlockStores.open(device, StoreOptions.readWrite());
            assertThat(store.geometry().sectorSize()).isEqualTo(sectorSize);
            assertThat(store.geometry().bytes()).isEqualTo(SIZE);
            byte[] data = exercise(store);
            assertThat(Files.readAllBytes(Path.of(device))).isEqualTo(data);
        } finally {
            run("losetup", "-d", device);
        }
    }

    @Test
    void shouldServePastThePageCache() throws Exception {
        Path image = image();
        BlockStore store;
        try {
            store = BlockStores.open(image.toString(), new StoreOptions(false, true, true));
        } catch (io.splitvisor.dom0.store.StoreException e) {
            Assumptions.abort("this file system has no O_DIRECT");
            return;
        }
        assertThat(exercise(store)).isEqualTo(Files.readAllBytes(image));
    }

    @Test
    void b18_shouldGoOnWhenThereIsSpaceAgain() throws Exception {
        assumeRootWith("mount");
        Path mount = Files.createDirectory(folder.resolve("full"));
        run("mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", mount.toString());
        try {
            Path image = mount.resolve("disk");
            try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
                file.setLength(SIZE);
            }
            Path ballast = Files.write(mount.resolve("ballast"), new byte[1 << 20]);
            try (BlockHost host = new BlockHost();
                    Arena arena = Arena.ofConfined()) {
                GuestSide guest = GuestSide.create(host, 2048);
                BlockStore store = BlockStores.open(image.toString(), StoreOptions.readWrite());
                host.backend().attach(BlockConfig.of(guest.domid(), BlockHost.XVDA, "xvda", store, false));
                try (BlockDevice disk =
                        BlockDevice.open(guest, BlockHost.XVDA, BlockSettings.defaults(), Duration.ofSeconds(10))) {
                    MemorySegment memory = arena.allocate(1536 << 10);
                    memory.fill((byte) 9);
                    org.assertj.core.api.Assertions.assertThatThrownBy(() -> disk.write(0, memory))
                            .isInstanceOf(io.splitvisor.domu.block.BlockException.class);
                    Files.delete(ballast);
                    disk.write(0, memory);
                    disk.flush();
                    memory.fill((byte) 0);
                    disk.read(0, memory);
                    assertThat(memory.toArray(ValueLayout.JAVA_BYTE)).containsOnly(9);
                }
            }
        } finally {
            run("umount", mount.toString());
        }
    }
}
