// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.splitvisor.host.HostFile.Access;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HostFileTest {
    private static final int KIB = 1024;

    @TempDir
    private Path folder;

    private final MemorySegment buffer = Arena.ofAuto().allocate(64 * KIB, 4096);

    private String file(int bytes) throws IOException {
        Path path = folder.resolve("disk.img");
        byte[] content = new byte[bytes];
        for (int i = 0; i < bytes; i++) {
            content[i] = (byte) (i / 512 + 1);
        }
        Files.write(path, content);
        return path.toString();
    }

    @Test
    void shouldReadAndWriteInPlace() throws IOException {
        String path = file(16 * KIB);
        try (HostFile disk = HostFile.open(path, Access.READ_WRITE, false)) {
            assertThat(disk.path()).isEqualTo(path);
            assertThat(disk.size()).isEqualTo(16 * KIB);
            assertThat(disk.isBlockDevice()).isFalse();
            assertThat(disk.sectorSize()).isEqualTo(512);
            assertThat(disk.read(buffer.address(), 512, 1024)).isEqualTo(512);
            assertThat(buffer.asSlice(0, 512).toArray(ValueLayout.JAVA_BYTE)).containsOnly(3);
            buffer.fill((byte) 0x77);
            assertThat(disk.write(buffer.address(), 512, 2048)).isEqualTo(512);
            assertThat(disk.sync()).isZero();
        }
        byte[] after = Files.readAllBytes(Path.of(path));
        assertThat(after).hasSize(16 * KIB);
        assertThat(after[2047]).isEqualTo((byte) 4);
        assertThat(after[2048]).isEqualTo((byte) 0x77);
        assertThat(after[2559]).isEqualTo((byte) 0x77);
        assertThat(after[2560]).isEqualTo((byte) 6);
    }

    @Test
    void shouldReadShortAtTheEnd() throws IOException {
        try (HostFile disk = HostFile.open(file(1000), Access.READ_ONLY, false)) {
            assertThat(disk.read(buffer.address(), 4096, 512)).isEqualTo(488);
            assertThat(disk.read(buffer.address(), 4096, 1000)).isZero();
            assertThat(disk.read(buffer.address(), 4096, 1 << 30)).isZero();
        }
    }

    @Test
    void b18_shouldAnswerErrorsAsNegativeErrno() throws IOException {
        HostFile disk = HostFile.open(file(4096), Access.READ_ONLY, false);
        assertThat(disk.write(buffer.address(), 512, 0)).isEqualTo(-Errno.EBADF);
        assertThat(disk.read(buffer.address(), 512, -1)).isEqualTo(-Errno.EINVAL);
        assertThat(disk.read(8, 512, 0)).as("EFAULT").isEqualTo(-14);
        assertThat(disk.readVector(buffer.address(), -1, 0)).isEqualTo(-Errno.EINVAL);
        assertThat(disk.discard(0, 512)).isEqualTo(-Errno.EBADF);
        disk.close();
        disk.close();
        assertThat(disk.read(buffer.address(), 512, 0)).isEqualTo(-Errno.EBADF);
        assertThat(disk.sync()).isEqualTo(-Errno.EBADF);
    }

    @Test
    void b18_shouldAnswerThatTheDeviceIsFull() {
        try (HostFile full = HostFile.open("/dev/full", Access.READ_WRITE, false)) {
            assertThat(full.write(buffer.address(), 512, 0)).isEqualTo(-Errno.ENOSPC);
        }
    }

    @Test
    void shouldNameThePathItCannotOpen() {
        String missing = folder.resolve("missing.img").toString();
        assertThatExceptionOfType(HostException.class)
                .isThrownBy(() -> HostFile.open(missing, Access.READ_ONLY, false))
                .withMessageContaining("missing.img")
                .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.ENOENT));
    }

    @Test
    void shouldScatterAndGather() throws IOException {
        String path = file(8 * KIB);
        try (HostFile disk = HostFile.open(path, Access.READ_WRITE, false)) {
            MemorySegment vector = Arena.ofAuto().allocate(HostFile.IOVEC, 3);
            long[][] parts = {{0, 512}, {8192, 1024}, {4096, 512}};
            for (int i = 0; i < 3; i++) {
                vector.setAtIndex(ValueLayout.JAVA_LONG, 2L * i, buffer.address() + parts[i][0]);
                vector.setAtIndex(ValueLayout.JAVA_LONG, 2L * i + 1, parts[i][1]);
            }
            assertThat(disk.readVector(vector.address(), 3, 512)).isEqualTo(2048);
            assertThat(buffer.get(ValueLayout.JAVA_BYTE, 0)).isEqualTo((byte) 2);
            assertThat(buffer.get(ValueLayout.JAVA_BYTE, 8192)).isEqualTo((byte) 3);
            assertThat(buffer.get(ValueLayout.JAVA_BYTE, 8192 + 512)).isEqualTo((byte) 4);
            assertThat(buffer.get(ValueLayout.JAVA_BYTE, 4096)).isEqualTo((byte) 5);
            assertThat(disk.readVector(vector.address(), 3, 7 * KIB))
                    .as("short at the end")
                    .isEqualTo(1024);
            buffer.fill((byte) 0x55);
            assertThat(disk.writeVector(vector.address(), 3, 4096)).isEqualTo(2048);
        }
        byte[] after = Files.readAllBytes(Path.of(path));
        assertThat(after[4096]).isEqualTo((byte) 0x55);
        assertThat(after[6143]).isEqualTo((byte) 0x55);
        assertThat(after[6144]).isEqualTo((byte) 13);
    }

    @Test
    void shouldReadFromThePageCacheWithoutWaitingOrSayThatItCannot() throws IOException {
        try (HostFile disk = HostFile.open(file(4096), Access.READ_ONLY, false)) {
            MemorySegment vector = Arena.ofAuto().allocate(HostFile.IOVEC);
            vector.setAtIndex(ValueLayout.JAVA_LONG, 0, buffer.address());
            vector.setAtIndex(ValueLayout.JAVA_LONG, 1, 4096);
            long result = disk.readVectorNoWait(vector.address(), 1, 0);
            assertThat(result).isIn(4096L, (long) -Errno.EAGAIN, (long) -Errno.EOPNOTSUPP);
        }
    }

    @Test
    void shouldPassThePageCacheByWhereTheFileSystemCan() throws IOException {
        String path = file(16 * KIB);
        HostFile disk;
        try {
            disk = HostFile.open(path, Access.READ_WRITE, true);
        } catch (HostException e) {
            assumeTrue(e.errno() != Errno.EINVAL, "this file system has no O_DIRECT");
            throw e;
        }
        try (disk) {
            assertThat(Files.readString(Path.of("/proc/self/fdinfo/" + disk.fd())))
                    .as("O_DIRECT is on")
                    .containsPattern("flags:\\s+0\\d*[4567]\\d{4}\\b");
            assertThat(disk.read(buffer.address(), 4096, 4096)).isEqualTo(4096);
            assertThat(buffer.get(ValueLayout.JAVA_BYTE, 0)).isEqualTo((byte) 9);
        }
    }

    @Test
    void shouldPunchAHoleThatReadsAsZero() throws IOException {
        String path = file(64 * KIB);
        try (HostFile disk = HostFile.open(path, Access.READ_WRITE, false)) {
            int result = disk.discard(4096, 8192);
            assumeTrue(result != -Errno.EOPNOTSUPP, "this file system has no holes");
            assertThat(result).isZero();
            assertThat(disk.size()).isEqualTo(64 * KIB);
            assertThat(disk.read(buffer.address(), 16 * KIB, 0)).isEqualTo(16 * KIB);
            assertThat(buffer.get(ValueLayout.JAVA_BYTE, 4095)).isEqualTo((byte) 8);
            assertThat(buffer.asSlice(4096, 8192).toArray(ValueLayout.JAVA_BYTE))
                    .containsOnly(0);
            assertThat(buffer.get(ValueLayout.JAVA_BYTE, 12288)).isEqualTo((byte) 25);
            assertThat(disk.discard(0, 0)).isEqualTo(-Errno.EINVAL);
        }
    }

    @Test
    void shouldKeepASecondWriterOut() throws IOException {
        String path = file(4096);
        HostFile writer = HostFile.open(path, Access.READ_WRITE, false);
        try (HostFile second = HostFile.open(path, Access.READ_WRITE, false);
                HostFile reader = HostFile.open(path, Access.READ_ONLY, false);
                HostFile otherReader = HostFile.open(path, Access.READ_ONLY, false)) {
            assertThat(writer.tryLock(true)).isTrue();
            assertThat(writer.tryLock(true)).as("it has it already").isTrue();
            assertThat(second.tryLock(true)).isFalse();
            assertThat(reader.tryLock(false)).isFalse();
            writer.close();
            assertThat(reader.tryLock(false)).isTrue();
            assertThat(otherReader.tryLock(false)).as("readers share").isTrue();
            assertThat(second.tryLock(true)).isFalse();
            assertThatExceptionOfType(HostException.class)
                    .isThrownBy(() -> reader.tryLock(true))
                    .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.EBADF));
        }
    }

    @Test
    void shouldNotCloseSomebodyElsesDescriptor() throws IOException {
        String path = file(4096);
        HostFile first = HostFile.open(path, Access.READ_ONLY, false);
        first.close();
        try (HostFile second = HostFile.open(path, Access.READ_ONLY, false)) {
            first.close();
            assertThat(second.read(buffer.address(), 512, 0)).isEqualTo(512);
        }
    }

    @Test
    void shouldSayInWordsWhyAFolderIsNoFile() {
        assertThatExceptionOfType(HostException.class)
                .isThrownBy(() -> HostFile.open(folder.toString(), Access.READ_WRITE, false)
                        .close())
                .withMessage("open " + folder + ": is a directory");
    }
}
