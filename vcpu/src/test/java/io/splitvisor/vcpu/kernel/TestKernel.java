// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.kernel;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.splitvisor.vcpu.Clock;
import io.splitvisor.vcpu.Cpuid;
import io.splitvisor.vcpu.Exit;
import io.splitvisor.vcpu.Interrupts;
import io.splitvisor.vcpu.Registers;
import io.splitvisor.vcpu.Tiers;
import io.splitvisor.vcpu.Vcpu;
import io.splitvisor.vcpu.mmu.GuestMemory;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** A small kernel assembled from text behind a common prelude, its processor, and what it reported. */
final class TestKernel {
    private static final int RAM = 2 << 20;
    private static final long ENTRY = 0x1000;
    private static final Map<String, byte[]> ASSEMBLED = new ConcurrentHashMap<>();

    /** How the kernels that are made next execute code. */
    static Tiers tiers = Tiers.INTERPRETER;

    final MemorySegment ram = Arena.ofAuto().allocate(RAM, 4096);
    final Deque<Integer> vectors = new ArrayDeque<>();
    final Vcpu vcpu;
    /** Values written to port 0x80. */
    final List<Long> reports = new ArrayList<>();
    /** All other exits. */
    final List<Exit> exits = new ArrayList<>();

    private TestKernel(byte[] image) {
        this(image, Cpuid.baseline());
    }

    private TestKernel(byte[] image, Cpuid cpuid) {
        MemorySegment.copy(image, 0, ram, java.lang.foreign.ValueLayout.JAVA_BYTE, 0, image.length);
        vcpu = new Vcpu(
                GuestMemory.flat(ram),
                cpuid,
                taskPriority -> vectors.isEmpty() ? Interrupts.NONE : vectors.remove(),
                Clock.INSTRUCTIONS,
                tiers);
        vcpu.registers().segment(1, new Registers.SegmentValue(0, 0, 0xffff, 0x93));
        vcpu.registers().rip(ENTRY);
    }

    /** A kernel whose long-mode test is given; skips the test where binutils are missing. */
    static TestKernel of(String test) {
        return new TestKernel(assemble(prelude() + ".code64\ntest:\n" + test + "\n"));
    }

    /** The same, on a processor that announces other features. */
    static TestKernel of(Cpuid cpuid, String test) {
        return new TestKernel(assemble(prelude() + ".code64\ntest:\n" + test + "\n"), cpuid);
    }

    /** A kernel that is entered in real mode at once. */
    static TestKernel real(String code) {
        return new TestKernel(assemble(".intel_syntax noprefix\n.text\n.org 0x1000\n.code16\n" + code + "\n"));
    }

    /** Raises an external interrupt. */
    void interrupt(int vector) {
        vectors.add(vector);
        vcpu.interrupt();
    }

    /** Runs to an exit that is no report. */
    Exit next() {
        while (true) {
            Exit exit = vcpu.run(1_000_000);
            if (vcpu.translation().failed() != 0) {
                throw new AssertionError(
                        "a translation failed", vcpu.translation().failure());
            }
            if (exit instanceof Exit.PortWrite(int port, int size, long value) && port == 0x80 && size == 4) {
                reports.add(value);
                vcpu.complete(0);
            } else {
                exits.add(exit);
                return exit;
            }
        }
    }

    private static String prelude() {
        try (InputStream in = TestKernel.class.getResourceAsStream("prelude.s")) {
            return new String(in.readAllBytes(), StandardCharsets.US_ASCII);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** 64-bit code for an address below 64 KiB. */
    static byte[] assembleAt(int address, String code) {
        byte[] image = assemble(".intel_syntax noprefix\n.text\n.code64\n.org " + address + "\n" + code + "\n");
        return java.util.Arrays.copyOfRange(image, address, image.length);
    }

    private static byte[] assemble(String source) {
        return ASSEMBLED.computeIfAbsent(source, TestKernel::assembleNow);
    }

    private static byte[] assembleNow(String source) {
        try {
            Path folder = Files.createTempDirectory("kernel");
            try {
                Path text = folder.resolve("k.s");
                Path object = folder.resolve("k.o");
                Path image = folder.resolve("k.bin");
                Files.writeString(text, source);
                tool("as", "--64", "-o", object.toString(), text.toString());
                tool(
                        "ld",
                        "-m",
                        "elf_x86_64",
                        "-Ttext=0",
                        "-e",
                        "0",
                        "--oformat",
                        "binary",
                        "-o",
                        image.toString(),
                        object.toString());
                return Files.readAllBytes(image);
            } finally {
                try (var files = Files.list(folder)) {
                    files.toList().forEach(f -> f.toFile().delete());
                }
                Files.delete(folder);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void tool(String... command) throws IOException {
        Process process = null;
        try {
            process = new ProcessBuilder(command).redirectErrorStream(true).start();
        } catch (IOException e) {
            assumeTrue(false, "needs " + command[0] + " of binutils");
            throw e;
        }
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        try {
            if (process.waitFor() != 0) {
                throw new AssertionError(command[0] + ": " + output);
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
            throw new IOException(e);
        }
    }
}
