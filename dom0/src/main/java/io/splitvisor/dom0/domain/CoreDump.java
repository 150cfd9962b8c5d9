// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.domain;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Writes a domain's guest-physical memory to a file, holes left as holes: offset in the file is guest-physical address. */
final class CoreDump {
    private static final int CHUNK = 1 << 16;

    private CoreDump() {}

    /** Writes {@code dump/NAME.DOMID.core} in the run folder and answers its path. */
    static Path write(Path runDir, GuestDomain guest) {
        MemorySegment memory = guest.domain().memory().segment();
        try {
            Path folder = Files.createDirectories(runDir.resolve("dump"));
            Path file = folder.resolve(guest.config().name() + "." + guest.domid() + ".core");
            try (FileChannel out = FileChannel.open(
                    file, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING)) {
                for (long at = 0; at < memory.byteSize(); at += CHUNK) {
                    MemorySegment chunk = memory.asSlice(at, Math.min(CHUNK, memory.byteSize() - at));
                    if (!isZero(chunk)) {
                        // A private copy: the channel wants memory that nobody unmaps.
                        byte[] bytes = chunk.toArray(java.lang.foreign.ValueLayout.JAVA_BYTE);
                        out.write(java.nio.ByteBuffer.wrap(bytes), at);
                    }
                }
                if (out.size() < memory.byteSize()) {
                    out.write(java.nio.ByteBuffer.allocate(1), memory.byteSize() - 1);
                }
            }
            return file;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static boolean isZero(MemorySegment chunk) {
        for (long i = 0; i < chunk.byteSize(); i += Long.BYTES) {
            if (chunk.get(java.lang.foreign.ValueLayout.JAVA_LONG, i) != 0) {
                return false;
            }
        }
        return true;
    }
}
