// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.x86.board;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Objects;

/** Puts a Multiboot (0.6.96) kernel, an ELF file of either class, into memory with what it wants to know. */
final class MultibootKernel {
    /** EAX at entry. */
    static final int LOADER_MAGIC = 0x2bad_b002;
    /** EBX at entry: the information structure, above the kernels' usual places in low memory. */
    static final int INFORMATION = 0x9_0000;

    private static final int HEADER_MAGIC = 0x1bad_b002;
    private static final int SEARCHED = 8192;
    private static final int ELF = 0x464c_457f;
    private static final int CLASS_64 = 2;
    private static final int LOAD = 1;

    private static final int COMMAND_LINE = INFORMATION + 0x1000;
    private static final int MEMORY_MAP = INFORMATION + 0x200;
    private static final int MODULES = INFORMATION + 0x400;
    private static final int LONGEST_COMMAND_LINE = 4095;
    private static final int LOW_KIB = 640;
    private static final int MIB = 1 << 20;
    /** Memory, command line, modules, memory map. */
    private static final int FLAGS = 1 | 1 << 2 | 1 << 3 | 1 << 6;

    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final MemorySegment ram;
    private long end;

    MultibootKernel(MemorySegment ram) {
        this.ram = ram;
    }

    /**
     * Loads a kernel.
     *
     * @param module a file for it, or null
     * @return where it starts, in 32-bit code without paging
     * @throws IOException if the file is no such kernel, or does not fit
     */
    int load(byte[] file, String commandLine, byte[] module) throws IOException {
        ByteBuffer image = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        if (!hasHeader(image)) {
            throw new IOException("no Multiboot header");
        }
        try {
            int entry = loadSegments(image);
            inform(commandLine, module);
            return entry;
        } catch (IndexOutOfBoundsException e) {
            throw new IOException("does not fit, or its headers are bad", e);
        }
    }

    private static boolean hasHeader(ByteBuffer image) {
        for (int at = 0; at + 12 <= Math.min(image.limit(), SEARCHED); at += 4) {
            if (image.getInt(at) == HEADER_MAGIC
                    && image.getInt(at) + image.getInt(at + 4) + image.getInt(at + 8) == 0) {
                return true;
            }
        }
        return false;
    }

    private int loadSegments(ByteBuffer image) throws IOException {
        if (image.getInt(0) != ELF) {
            throw new IOException("not an ELF file");
        }
        boolean wide = image.get(4) == CLASS_64;
        int table = wide ? (int) image.getLong(32) : image.getInt(28);
        int entrySize = image.getShort(wide ? 54 : 42) & 0xffff;
        int count = image.getShort(wide ? 56 : 44) & 0xffff;
        for (int n = 0; n < count; n++) {
            int at = table + n * entrySize;
            if (image.getInt(at) != LOAD) {
                continue;
            }
            if (wide) {
                place(
                        image,
                        image.getLong(at + 8),
                        image.getLong(at + 24),
                        image.getLong(at + 32),
                        image.getLong(at + 40));
            } else {
                place(image, word(image, at + 4), word(image, at + 12), word(image, at + 16), word(image, at + 20));
            }
        }
        return wide ? (int) image.getLong(24) : image.getInt(24);
    }

    private static long word(ByteBuffer image, int at) {
        return image.getInt(at) & 0xffff_ffffL;
    }

    private void place(ByteBuffer image, long offset, long physical, long fileSize, long memorySize) {
        Objects.checkFromIndexSize(offset, fileSize, image.limit());
        Objects.checkFromIndexSize(physical, Math.max(fileSize, memorySize), ram.byteSize());
        MemorySegment.copy(MemorySegment.ofArray(image.array()), offset, ram, physical, fileSize);
        end = Math.max(end, physical + memorySize);
    }

    private void inform(String commandLine, byte[] module) {
        byte[] text = commandLine.getBytes(StandardCharsets.UTF_8);
        MemorySegment.copy(
                text, 0, ram, ValueLayout.JAVA_BYTE, COMMAND_LINE, Math.min(text.length, LONGEST_COMMAND_LINE));
        set(0, FLAGS);
        set(4, LOW_KIB);
        set(8, (int) (ram.byteSize() - MIB >>> 10));
        set(16, COMMAND_LINE);
        if (module != null) {
            long at = Math.max(end, MIB) + 0xfff & -0x1000L;
            MemorySegment.copy(module, 0, ram, ValueLayout.JAVA_BYTE, at, module.length);
            ram.set(INT, MODULES, (int) at);
            ram.set(INT, MODULES + 4, (int) at + module.length);
            set(20, 1);
            set(24, MODULES);
        }
        region(0, 0, LOW_KIB << 10);
        region(1, MIB, ram.byteSize() - MIB);
        set(44, 48);
        set(48, MEMORY_MAP);
    }

    private void set(int at, int value) {
        ram.set(INT, INFORMATION + at, value);
    }

    private void region(int number, long base, long length) {
        int at = MEMORY_MAP + 24 * number;
        ram.set(INT, at, 20);
        ram.set(LONG, at + 4, base);
        ram.set(LONG, at + 12, length);
        ram.set(INT, at + 20, 1);
    }
}
