// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.domain;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Writes a domain's guest-physical memory to a file, holes left as holes: offset in the file is guest-physical address. */
final class CoreDump {
    private static final int CHUNK = 1 << 16;
    private static final Logger LOG = LoggerFactory.getLogger(CoreDump.class);

    private CoreDump() {}

    /**
     * Writes {@code dump/NAME.DOMID.core} in the run folder and answers its path.
     *
     * @param memory of a multiple of eight bytes; nobody unmaps it meanwhile
     * @throws UncheckedIOException if it cannot be written; what was written is removed
     */
    static Path write(Path runDir, String name, int domid, MemorySegment memory) {
        Path file = runDir.resolve("dump").resolve(name + "." + domid + ".core");
        try {
            Files.createDirectories(file.getParent());
            write(file, memory);
            return file;
        } catch (IOException e) {
            removeRest(file);
            throw new UncheckedIOException(e);
        }
    }

    private static void write(Path file, MemorySegment memory) throws IOException {
        try (FileChannel out = FileChannel.open(
                file, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING)) {
            for (long at = 0; at < memory.byteSize(); at += CHUNK) {
                MemorySegment chunk = memory.asSlice(at, Math.min(CHUNK, memory.byteSize() - at));
                if (!isZero(chunk)) {
                    // A private copy: the channel wants memory that nobody unmaps.
                    writeFully(out, ByteBuffer.wrap(chunk.toArray(ValueLayout.JAVA_BYTE)), at);
                }
            }
            if (out.size() < memory.byteSize()) {
                writeFully(out, ByteBuffer.allocate(1), memory.byteSize() - 1);
            }
        }
    }

    private static void writeFully(FileChannel out, ByteBuffer bytes, long at) throws IOException {
        long position = at;
        while (bytes.hasRemaining()) {
            position += out.write(bytes, position);
        }
    }

    private static void removeRest(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            LOG.warn("{}: an incomplete dump stays behind", file, e);
        }
    }

    private static boolean isZero(MemorySegment chunk) {
        for (long i = 0; i < chunk.byteSize(); i += Long.BYTES) {
            if (chunk.get(ValueLayout.JAVA_LONG, i) != 0) {
                return false;
            }
        }
        return true;
    }
}
