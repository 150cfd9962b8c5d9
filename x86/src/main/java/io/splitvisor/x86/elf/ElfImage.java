// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.x86.elf;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * What a loader needs of an ELF program for x86-64. Every number in it is checked against the file and against
 * overflow.
 *
 * @param positionIndependent whether it may be loaded anywhere
 * @param entry where it starts, before it is moved
 * @param headers where the program headers lie in memory, before it is moved, or 0
 * @param headerCount how many there are
 * @param segments what to load, in order
 * @param interpreter the program that loads its libraries, or null
 * @param executableStack whether it asks for one
 */
public record ElfImage(
        boolean positionIndependent,
        long entry,
        long headers,
        int headerCount,
        List<Segment> segments,
        String interpreter,
        boolean executableStack) {
    /** Bytes of a program header. */
    public static final int PROGRAM_HEADER = 56;

    private static final int HEADER = 64;
    private static final int MAGIC = 0x464c457f;
    private static final int CLASS64_LITTLE = 0x0102;
    private static final int EXEC = 2;
    private static final int DYN = 3;
    private static final int X86_64 = 62;
    private static final int MOST_HEADERS = 128;
    private static final int LONGEST_PATH = 4096;
    private static final long HIGHEST = 1L << 47;

    private static final int LOAD = 1;
    private static final int INTERP = 3;
    private static final int PHDR = 6;
    private static final int GNU_STACK = 0x6474e551;

    /**
     * A part of the file that lies in memory.
     *
     * @param address where, before it is moved
     * @param memorySize bytes; those behind {@code fileSize} are zero
     * @param offset where it starts in the file
     * @param fileSize bytes from the file
     * @param flags 1 execute, 2 write, 4 read
     */
    public record Segment(long address, long memorySize, long offset, long fileSize, int flags) {}

    /** A file that is no program for this processor; its message says why. */
    public static final class NotAProgramException extends IOException {
        private static final long serialVersionUID = 1;

        NotAProgramException(String message) {
            super(message);
        }
    }

    /** First address used. */
    public long lowest() {
        return segments.getFirst().address;
    }

    /** First address behind the last segment. */
    public long highest() {
        Segment last = segments.getLast();
        return last.address + last.memorySize;
    }

    /** Reads an image's headers. */
    public static ElfImage read(FileChannel file) throws IOException {
        ByteBuffer header = bytes(file, 0, HEADER);
        if (header.getInt(0) != MAGIC) {
            throw new NotAProgramException("not an ELF file");
        }
        if (header.getShort(4) != CLASS64_LITTLE || header.getShort(18) != X86_64) {
            throw new NotAProgramException("not a program for x86-64");
        }
        int type = header.getShort(16);
        if (type != EXEC && type != DYN) {
            throw new NotAProgramException("not an executable file");
        }
        int count = header.getShort(56) & 0xffff;
        long at = header.getLong(32);
        if (header.getShort(54) != PROGRAM_HEADER || count == 0 || count > MOST_HEADERS) {
            throw new NotAProgramException("bad program headers");
        }
        ByteBuffer table = bytes(file, at, count * PROGRAM_HEADER);
        return read(file, type == DYN, header.getLong(24), at, table);
    }

    private static ElfImage read(FileChannel file, boolean moves, long entry, long tableAt, ByteBuffer table)
            throws IOException {
        List<Segment> segments = new ArrayList<>();
        String interpreter = null;
        boolean executableStack = true;
        long headers = 0;
        int count = table.limit() / PROGRAM_HEADER;
        for (int n = 0; n < count; n++) {
            ByteBuffer h = table.slice(n * PROGRAM_HEADER, PROGRAM_HEADER).order(ByteOrder.LITTLE_ENDIAN);
            int flags = h.getInt(4);
            switch (h.getInt(0)) {
                case LOAD -> {
                    if (h.getLong(40) != 0) {
                        segments.add(segment(h, file.size(), segments));
                    }
                }
                case INTERP -> interpreter = path(file, h.getLong(8), h.getLong(32));
                case PHDR -> headers = h.getLong(16);
                case GNU_STACK -> executableStack = (flags & 1) != 0;
                default -> {
                    // Of no interest to a loader.
                }
            }
        }
        if (segments.isEmpty()) {
            throw new NotAProgramException("nothing to load");
        }
        if (headers == 0) {
            headers = headersInMemory(segments, tableAt);
        }
        return new ElfImage(moves, entry, headers, count, List.copyOf(segments), interpreter, executableStack);
    }

    private static long headersInMemory(List<Segment> segments, long tableAt) {
        for (Segment s : segments) {
            if (tableAt >= s.offset && tableAt - s.offset < s.fileSize) {
                return s.address + tableAt - s.offset;
            }
        }
        return 0;
    }

    private static Segment segment(ByteBuffer h, long fileBytes, List<Segment> before) throws IOException {
        var s = new Segment(h.getLong(16), h.getLong(40), h.getLong(8), h.getLong(32), h.getInt(4));
        boolean inFile =
                s.offset >= 0 && s.fileSize >= 0 && s.offset <= fileBytes && s.fileSize <= fileBytes - s.offset;
        boolean inMemory = s.address >= 0
                && s.address < HIGHEST
                && s.memorySize >= s.fileSize
                && s.memorySize < HIGHEST
                && ((s.address ^ s.offset) & 4095) == 0;
        boolean inOrder = before.isEmpty() || s.address >= before.getLast().address + before.getLast().memorySize;
        if (!inFile || !inMemory || !inOrder) {
            throw new NotAProgramException("bad segment at 0x" + Long.toHexString(s.address));
        }
        return s;
    }

    private static String path(FileChannel file, long at, long size) throws IOException {
        if (size < 2 || size > LONGEST_PATH) {
            throw new NotAProgramException("bad interpreter");
        }
        byte[] text = new byte[(int) size - 1];
        bytes(file, at, (int) size).get(0, text);
        return new String(text, StandardCharsets.ISO_8859_1);
    }

    private static ByteBuffer bytes(FileChannel file, long at, int size) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
        if (at < 0 || at > file.size()) {
            throw new NotAProgramException("file too short");
        }
        while (buffer.hasRemaining()) {
            if (file.read(buffer, at + buffer.position()) < 0) {
                throw new NotAProgramException("file too short");
            }
        }
        return buffer.flip();
    }
}
