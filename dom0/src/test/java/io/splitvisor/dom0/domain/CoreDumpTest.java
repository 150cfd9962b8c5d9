// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.domain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CoreDumpTest {
    @TempDir
    private Path runDir;

    private final MemorySegment memory = Arena.ofAuto().allocate(8 << 20, 4096);

    private Path dump() {
        return CoreDump.write(runDir, "guest", 3, memory);
    }

    private byte[] content() {
        return memory.toArray(ValueLayout.JAVA_BYTE);
    }

    @Test
    void shouldWriteEveryByteWhereItsAddressIs() throws IOException {
        byte[] random = new byte[content().length];
        new Random(1).nextBytes(random);
        memory.copyFrom(MemorySegment.ofArray(random));
        Path file = dump();
        assertThat(file).isEqualTo(runDir.resolve("dump").resolve("guest.3.core"));
        assertThat(Files.readAllBytes(file)).isEqualTo(random);
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 7, 65535, 65536, (4 << 20) + 5, (8 << 20) - 1})
    void shouldFindTheOnlyByteThatIsNotZero(long at) throws IOException {
        memory.set(ValueLayout.JAVA_BYTE, at, (byte) 1);
        assertThat(Files.readAllBytes(dump())).isEqualTo(content());
    }

    @Test
    void shouldLeaveHoles() throws IOException {
        memory.set(ValueLayout.JAVA_BYTE, 4 << 20, (byte) 1);
        Path file = dump();
        assertThat(Files.size(file)).isEqualTo(memory.byteSize());
        assertThat(allocated(file)).isLessThan(memory.byteSize() / 8);
    }

    /** In units of 512 bytes, whatever the file system's blocks are. */
    private static long allocated(Path file) throws IOException {
        Process stat = new ProcessBuilder("stat", "-c", "%b", file.toString()).start();
        try (var reader = stat.inputReader()) {
            return Long.parseLong(reader.readLine()) * 512;
        }
    }

    @Test
    void shouldReplaceAnEarlierDump() throws IOException {
        memory.fill((byte) 7);
        dump();
        memory.fill((byte) 0);
        memory.set(ValueLayout.JAVA_BYTE, 100, (byte) 1);
        assertThat(Files.readAllBytes(dump())).isEqualTo(content());
    }

    @Test
    void shouldSayWhyItCannotBeWritten() throws IOException {
        Files.writeString(runDir.resolve("dump"), "a file where the folder should be");
        assertThatThrownBy(this::dump).isInstanceOf(UncheckedIOException.class).hasMessageContaining("dump");
    }

    @Test
    void shouldLeaveNothingOfADumpThatFails() throws IOException {
        Path full = Path.of("/dev/full");
        org.junit.jupiter.api.Assumptions.assumeTrue(Files.exists(full), "needs /dev/full");
        Files.createDirectories(runDir.resolve("dump"));
        Path file = Files.createSymbolicLink(runDir.resolve("dump").resolve("guest.3.core"), full);
        memory.fill((byte) 7);
        assertThatThrownBy(this::dump).isInstanceOf(UncheckedIOException.class).hasMessageContaining("No space left");
        assertThat(Files.exists(file, java.nio.file.LinkOption.NOFOLLOW_LINKS)).isFalse();
    }
}
