// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.host;

import static io.splitvisor.host.Native.LONG;

import java.io.IOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * The processor's time stamp counter: {@code rdtsc}, between two fences, so that what stands before the read in the program
 * comes before it, and what stands after it comes after. On x86-64 only.
 *
 * <p>Java has no such instruction, so a page with these few bytes is made, written, and then made executable and
 * read-only. It stays for the life of the process.
 */
public final class CycleCounter {
    // lfence; rdtsc; lfence; shl rdx, 32; or rax, rdx; ret
    private static final byte[] CODE = {
        0x0F,
        (byte) 0xAE,
        (byte) 0xE8,
        0x0F,
        0x31,
        0x0F,
        (byte) 0xAE,
        (byte) 0xE8,
        0x48,
        (byte) 0xC1,
        (byte) 0xE2,
        0x20,
        0x48,
        0x09,
        (byte) 0xD0,
        (byte) 0xC3
    };
    private static final long PROT_READ_WRITE = 3;
    private static final long PROT_READ_EXEC = 5;
    private static final long MAP_PRIVATE_ANONYMOUS = 0x22;
    private static final boolean X86_64 = System.getProperty("os.arch").equals("amd64");
    private static final Path CPU_INFO = Path.of("/proc/cpuinfo");
    private static final Path CLOCK_SOURCES =
            Path.of("/sys/devices/system/clocksource/clocksource0/available_clocksource");

    private static final CycleCounter ONE = new CycleCounter();

    /** Made when first asked for; static, so that the compiler sees the call through. */
    private static final class Code {
        private static final MethodHandle READ = make();
    }

    private CycleCounter() {}

    /** The counter; empty on other processors, and where the system lets nobody make executable memory. */
    public static Optional<CycleCounter> find() {
        return Code.READ == null ? Optional.empty() : Optional.of(ONE);
    }

    private static MethodHandle make() {
        if (!X86_64) {
            return null;
        }
        MethodHandle mmap = Native.linkWords("mmap");
        MethodHandle mprotect = Native.linkWords("mprotect");
        MemorySegment state = Native.state();
        long size = SharedMemory.PAGE_SIZE;
        long page = Native.call(mmap, state, 0, size, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS, -1, 0);
        if (page == -1) {
            return null;
        }
        // SAFETY: mapped just before, and never unmapped.
        MemorySegment code = MemorySegment.ofAddress(page).reinterpret(size);
        MemorySegment.copy(MemorySegment.ofArray(CODE), 0, code, 0, CODE.length);
        if (Native.callInt(mprotect, state, page, size, PROT_READ_EXEC) != 0) {
            return null;
        }
        // SAFETY: a C function "long f(void)" that touches neither memory nor callee-saved registers, returns at once,
        // and
        // never calls back; so the thread need not leave the state in which it runs Java.
        return Linker.nativeLinker().downcallHandle(code, FunctionDescriptor.of(LONG), Linker.Option.critical(false));
    }

    /** Cycles since the processor was reset, as an unsigned number. No allocation, no system call. */
    public long read() {
        try {
            return (long) Code.READ.invokeExact();
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    /**
     * Whether the counter runs at one rate, in all states of the processors, and is the same on all of them: the processor
     * says the first, and Linux, which watches it, has not withdrawn it as a clock.
     */
    public static boolean isStable() {
        return X86_64
                && words(CPU_INFO, "flags").containsAll(List.of("constant_tsc", "nonstop_tsc"))
                && words(CLOCK_SOURCES, "").contains("tsc");
    }

    /** The words of the first line that starts so; none if there is no such file or line. */
    private static List<String> words(Path file, String start) {
        try (var lines = Files.lines(file)) {
            return lines.filter(line -> line.startsWith(start))
                    .findFirst()
                    .map(line -> Arrays.asList(line.split("\\s+")))
                    .orElse(List.of());
        } catch (IOException e) {
            return List.of();
        }
    }
}
