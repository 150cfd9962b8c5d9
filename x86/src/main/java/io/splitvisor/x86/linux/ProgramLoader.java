// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.x86.linux;

import static io.splitvisor.x86.memory.AddressSpace.EXECUTE;
import static io.splitvisor.x86.memory.AddressSpace.PAGE;
import static io.splitvisor.x86.memory.AddressSpace.READ;
import static io.splitvisor.x86.memory.AddressSpace.WRITE;

import io.splitvisor.x86.elf.ElfImage;
import io.splitvisor.x86.memory.AddressSpace;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.StandardOpenOption;

/** Brings a program, and the loader of its libraries, into memory. */
final class ProgramLoader {
    private static final long STACK_BYTES = 8 << 20;
    private static final long STACK_GAP = 1 << 20;
    /** Where programs lie that may lie anywhere. */
    private static final long PREFERRED_BASE = 0x5555_4000L;

    /**
     * Where a loaded program starts.
     *
     * @param rip first instruction
     * @param rsp stack
     * @param heap where the heap may grow from
     * @param mappings below which address others may map
     * @param auxiliaryVector what the stack says about the program, in bytes
     */
    record Start(long rip, long rsp, long heap, long mappings, byte[] auxiliaryVector) {}

    private final AddressSpace space;

    ProgramLoader(AddressSpace space) {
        this.space = space;
    }

    /** Loads into empty memory. Nothing is executed yet. */
    Start load(Program program) throws IOException {
        ElfImage image = read(program.path());
        long stackTop = space.limit() - STACK_GAP;
        long mappings = stackTop - STACK_BYTES - STACK_GAP;
        long bias = image.positionIndependent() ? biasFor(image, mappings) : 0;
        place(program.path(), image, bias);
        long entry = image.entry() + bias;
        long loaderBase = 0;
        if (image.interpreter() != null) {
            ElfImage loader = read(image.interpreter());
            long size = pageUp(loader.highest()) - pageDown(loader.lowest());
            loaderBase = space.find(size, mappings) - pageDown(loader.lowest());
            place(image.interpreter(), loader, loaderBase);
            entry = loader.entry() + loaderBase;
        }
        int stackRights = READ | WRITE | (image.executableStack() ? EXECUTE : 0);
        space.map(stackTop - STACK_BYTES, STACK_BYTES, stackRights);
        var stack = new StartStack(space, stackTop);
        long rsp = stack.build(program, image, bias, loaderBase);
        return new Start(entry, rsp, pageUp(image.highest() + bias), mappings, stack.auxiliaryVector());
    }

    private static ElfImage read(String path) throws IOException {
        try (FileChannel file = FileChannel.open(HostPaths.of(path), StandardOpenOption.READ)) {
            return ElfImage.read(file);
        } catch (ElfImage.NotAProgramException e) {
            throw new IOException(path + ": " + e.getMessage(), e);
        }
    }

    private long biasFor(ElfImage image, long below) {
        long size = pageUp(image.highest()) - pageDown(image.lowest());
        long at = PREFERRED_BASE + size < below / 2 ? PREFERRED_BASE : space.find(size, below / 2);
        return at - pageDown(image.lowest());
    }

    private void place(String path, ElfImage image, long bias) throws IOException {
        long from = pageDown(image.lowest() + bias);
        long to = pageUp(image.highest() + bias);
        if (!space.isFree(from, to - from)) {
            throw new IOException(path + ": does not fit into 0x%x bytes of memory".formatted(space.limit()));
        }
        try (FileChannel file = FileChannel.open(HostPaths.of(path), StandardOpenOption.READ)) {
            for (ElfImage.Segment s : image.segments()) {
                long start = pageDown(s.address() + bias);
                long end = pageUp(s.address() + bias + s.memorySize());
                // Segments may share a page; the later one's rights hold.
                long fresh = Math.max(start, nextFree(start));
                if (fresh < end) {
                    space.map(fresh, end - fresh, READ | WRITE);
                }
                fill(file, s, bias);
                space.protect(start, end - start, rights(s.flags()));
            }
        }
    }

    private long nextFree(long start) {
        AddressSpace.Area area = space.areaAt(start);
        return area == null ? start : area.end();
    }

    private void fill(FileChannel file, ElfImage.Segment s, long bias) throws IOException {
        MemorySegment to = space.bytes().asSlice(s.address() + bias, s.fileSize());
        for (long at = 0; at < s.fileSize(); ) {
            long chunk = Math.min(s.fileSize() - at, 1 << 30);
            int n = file.read(to.asSlice(at, chunk).asByteBuffer(), s.offset() + at);
            if (n < 0) {
                throw new IOException("file became shorter while it was read");
            }
            at += n;
        }
    }

    private static int rights(int flags) {
        return ((flags & 4) != 0 ? READ : 0) | ((flags & 2) != 0 ? WRITE : 0) | ((flags & 1) != 0 ? EXECUTE : 0);
    }

    static long pageDown(long address) {
        return address & -PAGE;
    }

    static long pageUp(long address) {
        return address + PAGE - 1 & -PAGE;
    }
}
