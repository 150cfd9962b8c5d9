// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.splitvisor.host.HostFile.Access;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A real block device: a loop device over a file, where the user may make one. */
class HostFileDeviceIT {
    private static final int BYTES = 8 << 20;

    @TempDir
    private Path folder;

    private Path backing;
    private String device;

    @BeforeEach
    void setUpLoopDevice() throws IOException {
        assumeTrue(TestCommands.installed("losetup"), "losetup is not installed");
        backing = folder.resolve("disk.img");
        try (RandomAccessFile file = new RandomAccessFile(backing.toFile(), "rw")) {
            file.setLength(BYTES);
        }
        try {
            device = TestCommands.run("losetup", "--find", "--show", "--sector-size", "4096", backing.toString())
                    .orElseThrow()
                    .strip();
        } catch (AssertionError e) {
            assumeTrue(false, "losetup is not permitted here: " + e.getMessage());
        }
    }

    @AfterEach
    void detach() {
        if (device != null) {
            assertThatCode(() -> TestCommands.run("losetup", "--detach", device))
                    .doesNotThrowAnyException();
        }
    }

    @Test
    void shouldReadWriteAndDiscardABlockDevice() throws IOException {
        MemorySegment buffer = Arena.ofAuto().allocate(64 << 10, 4096);
        try (HostFile disk = HostFile.open(device, Access.READ_WRITE, true)) {
            assertThat(disk.isBlockDevice()).isTrue();
            assertThat(disk.size()).isEqualTo(BYTES);
            assertThat(disk.sectorSize()).isEqualTo(4096);
            buffer.fill((byte) 0x3C);
            assertThat(disk.write(buffer.address(), 64 << 10, 0)).isEqualTo(64 << 10);
            assertThat(disk.sync()).isZero();
            assertThat(Files.readAllBytes(backing)[65535]).isEqualTo((byte) 0x3C);
            assertThat(disk.write(buffer.address(), 512, 0))
                    .as("less than a sector")
                    .isEqualTo(-Errno.EINVAL);
            assertThat(disk.write(buffer.address(), 4096, BYTES))
                    .as("past the end")
                    .isEqualTo(-Errno.ENOSPC);
            assertThat(disk.read(buffer.address(), 4096, BYTES)).isZero();
            int result = disk.discard(4096, 8192);
            assumeTrue(result != -Errno.EOPNOTSUPP, "the loop device's file system has no holes");
            assertThat(result).isZero();
            buffer.fill((byte) 1);
            assertThat(disk.read(buffer.address(), 16384, 0)).isEqualTo(16384);
            assertThat(buffer.get(ValueLayout.JAVA_BYTE, 4095)).isEqualTo((byte) 0x3C);
            assertThat(buffer.asSlice(4096, 8192).toArray(ValueLayout.JAVA_BYTE))
                    .as("a loop device punches a hole")
                    .containsOnly(0);
            assertThat(buffer.get(ValueLayout.JAVA_BYTE, 12288)).isEqualTo((byte) 0x3C);
        }
    }
}
