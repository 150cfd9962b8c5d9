// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.oracle;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/** The real processor in a process of its own, where instructions may fault: what the kernel tells a signal handler of it. */
final class FaultingProcess implements AutoCloseable {
    /** Where the pages lie; the low half of the address space is empty else. */
    static final long BASE = 0x4000_0000L;

    private static final long STATE = 0x1000;
    private static final long FLAGS = STATE + 0x80;
    private static final long RIP = STATE + 0x88;
    private static final long VECTOR = STATE + 0x90;
    private static final long ERROR = STATE + 0x98;
    private static final long ADDRESS = STATE + 0xa0;
    private static final long CODE_SEGMENT = STATE + 0xa8;
    /** Linux's for 64-bit and for 32-bit code. */
    private static final long CS64 = 0x33;

    private static final long CS32 = 0x23;
    private static final long FX = STATE + 0x200;
    private static final byte INT3 = (byte) 0xcc;

    private final Path folder;
    private final Process process;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment pages;

    /**
     * How an instruction ended.
     *
     * @param vector the exception's; that of INT3 if there was none
     * @param error its error code, 0 if it has none
     * @param address CR2, of a page fault
     * @param rip where the fault was
     */
    record Fault(int vector, int error, long address, long rip) {}

    /**
     * Skips the test where this is not possible.
     *
     * @param rights what may be done to each page: '-', 'r', 'w' or 'x'
     */
    FaultingProcess(String rights) {
        String arch = System.getProperty("os.arch").toLowerCase(Locale.ROOT);
        boolean linux = System.getProperty("os.name").equals("Linux");
        assumeTrue(linux && (arch.equals("amd64") || arch.equals("x86_64")), "needs Linux on x86-64 as oracle");
        assumeTrue(runs("gcc", "--version"), "needs gcc");
        try {
            folder = Files.createTempDirectory("faults");
            Path file = folder.resolve("pages");
            Files.write(file, new byte[4096 * rights.length()]);
            try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
                pages = channel.map(FileChannel.MapMode.READ_WRITE, 0, 4096L * rights.length(), arena);
            }
            process = new ProcessBuilder(compile(folder), file.toString(), rights)
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String compile(Path folder) throws IOException {
        Path source = folder.resolve("faults.c");
        try (InputStream text = FaultingProcess.class.getResourceAsStream("faults.c")) {
            Files.copy(text, source);
        }
        String program = folder.resolve("faults").toString();
        if (!runs("gcc", "-O1", "-pie", "-fPIE", "-o", program, source.toString())) {
            throw new AssertionError("faults.c does not compile");
        }
        return program;
    }

    private static boolean runs(String... command) {
        Process tool;
        try {
            tool = new ProcessBuilder(command)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
        } catch (IOException _) {
            return false;
        }
        try {
            return tool.waitFor() == 0;
        } catch (InterruptedException _) {
            tool.destroyForcibly();
            Thread.currentThread().interrupt();
            return false;
        }
    }

    MemorySegment scratch() {
        return pages.asSlice(4096L * RealProcessor.SCRATCH_PAGE);
    }

    /**
     * Runs code, placed at an offset in the code page, on a state, which is replaced.
     *
     * @param wide whether it is 64-bit code, not 32-bit code
     */
    Fault run(byte[] code, int at, Snapshot s, boolean wide) {
        long start = RealProcessor.CODE_PAGE * 4096L + at;
        MemorySegment.copy(code, 0, pages, ValueLayout.JAVA_BYTE, start, code.length);
        pages.set(ValueLayout.JAVA_BYTE, start + code.length, INT3);
        for (int i = 0; i < 16; i++) {
            pages.set(ValueLayout.JAVA_LONG, STATE + 8L * i, s.general[i]);
        }
        pages.set(ValueLayout.JAVA_LONG, FLAGS, s.flags);
        pages.set(ValueLayout.JAVA_LONG, CODE_SEGMENT, wide ? CS64 : CS32);
        pages.set(ValueLayout.JAVA_LONG, RIP, BASE + start);
        MemorySegment.copy(s.fx, 0, pages, FX, 512);
        try {
            process.getOutputStream().write(1);
            process.getOutputStream().flush();
            if (process.getInputStream().read() != 1) {
                throw new AssertionError("the process that faults ended with " + process.waitFor());
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
        for (int i = 0; i < 16; i++) {
            s.general[i] = pages.get(ValueLayout.JAVA_LONG, STATE + 8L * i);
        }
        s.flags = pages.get(ValueLayout.JAVA_LONG, FLAGS);
        MemorySegment.copy(pages, FX, s.fx, 0, 416);
        return new Fault(
                (int) pages.get(ValueLayout.JAVA_LONG, VECTOR),
                (int) pages.get(ValueLayout.JAVA_LONG, ERROR),
                pages.get(ValueLayout.JAVA_LONG, ADDRESS),
                pages.get(ValueLayout.JAVA_LONG, RIP));
    }

    @Override
    public void close() throws IOException {
        process.destroyForcibly();
        try {
            process.waitFor(10, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        arena.close();
        try (var files = Files.list(folder)) {
            files.toList().forEach(f -> f.toFile().delete());
        }
        Files.delete(folder);
    }
}
