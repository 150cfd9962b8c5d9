// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.x86.elf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.splitvisor.x86.elf.ElfImage.NotAProgramException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Programs as files that anybody may have written. */
class ElfImageTest {
    private static final int HEADER = 64;
    private static final int FILE_BYTES = 0x3000;
    private static final long LOW = 0x40_0000;

    @TempDir
    Path folder;

    /** A good program of two segments and an interpreter; tests spoil it. */
    private final ByteBuffer file = ByteBuffer.allocate(FILE_BYTES).order(ByteOrder.LITTLE_ENDIAN);

    @BeforeEach
    void writeAGoodProgram() {
        file.putInt(0, 0x464c457f);
        file.putShort(4, (short) 0x0102);
        file.putShort(16, (short) 2);
        file.putShort(18, (short) 62);
        file.putLong(24, LOW + 0x100);
        file.putLong(32, HEADER);
        file.putShort(54, (short) ElfImage.PROGRAM_HEADER);
        file.putShort(56, (short) 4);
        programHeader(0, 1, 5, 0, LOW, 0x1000, 0x1000);
        programHeader(1, 1, 6, 0x1000, LOW + 0x1000, 0x1000, 0x5000);
        programHeader(2, 3, 4, 0x2000, LOW, 12, 12);
        programHeader(3, 0x6474e551, 6, 0, 0, 0, 0);
        file.put(0x2000, "/lib/loader\0".getBytes(java.nio.charset.StandardCharsets.ISO_8859_1));
    }

    private static int at(int n) {
        return HEADER + n * ElfImage.PROGRAM_HEADER;
    }

    private void programHeader(int n, int type, int flags, long offset, long address, long inFile, long inMemory) {
        file.putInt(at(n), type);
        file.putInt(at(n) + 4, flags);
        file.putLong(at(n) + 8, offset);
        file.putLong(at(n) + 16, address);
        file.putLong(at(n) + 32, inFile);
        file.putLong(at(n) + 40, inMemory);
    }

    private ElfImage read() throws IOException {
        return read(FILE_BYTES);
    }

    private ElfImage read(int bytes) throws IOException {
        Path path = folder.resolve("program");
        Files.write(path, java.util.Arrays.copyOf(file.array(), bytes));
        try (FileChannel channel = FileChannel.open(path)) {
            return ElfImage.read(channel);
        }
    }

    private void shouldRefuse(String why) {
        assertThatThrownBy(this::read).isInstanceOf(NotAProgramException.class).hasMessageContaining(why);
    }

    @Test
    void shouldReadWhatALoaderNeeds() throws IOException {
        ElfImage image = read();
        assertThat(image.entry()).isEqualTo(LOW + 0x100);
        assertThat(image.positionIndependent()).isFalse();
        assertThat(image.interpreter()).isEqualTo("/lib/loader");
        assertThat(image.executableStack()).isFalse();
        assertThat(image.headers()).isEqualTo(LOW + HEADER);
        assertThat(image.headerCount()).isEqualTo(4);
        assertThat(image.lowest()).isEqualTo(LOW);
        assertThat(image.highest()).isEqualTo(LOW + 0x6000);
        assertThat(image.segments())
                .containsExactly(
                        new ElfImage.Segment(LOW, 0x1000, 0, 0x1000, 5),
                        new ElfImage.Segment(LOW + 0x1000, 0x5000, 0x1000, 0x1000, 6));
    }

    @Test
    void shouldRefuseWhatIsNotForThisProcessor() {
        file.putShort(18, (short) 183);
        shouldRefuse("not a program for x86-64");
        file.putShort(18, (short) 62).putShort(16, (short) 1);
        shouldRefuse("not an executable file");
        file.putInt(0, 0x2f2123);
        shouldRefuse("not an ELF file");
    }

    @Test
    void shouldRefuseHeadersThatAreNotThere() {
        file.putLong(32, FILE_BYTES - 100);
        shouldRefuse("file too short");
        file.putLong(32, -1);
        shouldRefuse("file too short");
        file.putLong(32, HEADER).putShort(56, (short) 0);
        shouldRefuse("bad program headers");
        file.putShort(56, (short) -1);
        shouldRefuse("bad program headers");
    }

    @Test
    void shouldRefuseSegmentsBeyondTheFileOrTheAddressSpace() {
        file.putLong(at(1) + 32, FILE_BYTES);
        shouldRefuse("bad segment");
        writeAGoodProgram();
        file.putLong(at(1) + 8, Long.MAX_VALUE - 0xfff);
        shouldRefuse("bad segment");
        writeAGoodProgram();
        file.putLong(at(1) + 40, 0xfff);
        shouldRefuse("bad segment");
        writeAGoodProgram();
        file.putLong(at(1) + 40, -1);
        shouldRefuse("bad segment");
        writeAGoodProgram();
        file.putLong(at(1) + 16, 1L << 63 | 0x1000);
        shouldRefuse("bad segment");
    }

    @Test
    void shouldRefuseSegmentsThatOverlapOrAreNotAligned() {
        file.putLong(at(1) + 16, LOW);
        shouldRefuse("bad segment");
        writeAGoodProgram();
        file.putLong(at(1) + 16, LOW + 0x1800);
        shouldRefuse("bad segment");
    }

    @Test
    void shouldRefuseAnInterpreterWithoutAName() {
        file.putLong(at(2) + 32, 1);
        shouldRefuse("bad interpreter");
        file.putLong(at(2) + 32, 1 << 20);
        shouldRefuse("bad interpreter");
        file.putLong(at(2) + 32, 12).putLong(at(2) + 8, FILE_BYTES - 4);
        shouldRefuse("file too short");
    }

    @Test
    void shouldNeverFailOtherwiseThanByRefusing() throws IOException {
        var random = new SplittableRandom(20261122);
        int read = 0;
        for (int run = 0; run < 2000; run++) {
            writeAGoodProgram();
            for (int n = random.nextInt(1, 4); n > 0; n--) {
                file.put(random.nextInt(at(4)), (byte) random.nextInt());
            }
            try {
                ElfImage image = read(random.nextInt(8) == 0 ? random.nextInt(FILE_BYTES) : FILE_BYTES);
                assertThat(image.lowest()).isBetween(0L, image.highest());
                read++;
            } catch (NotAProgramException e) {
                assertThat(e.getMessage()).isNotEmpty();
            }
        }
        assertThat(read).isBetween(200, 1800);
    }
}
