// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.x86.cli;

import io.splitvisor.vcpu.Cpuid;
import io.splitvisor.vcpu.Tiers;
import io.splitvisor.x86.board.Board;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** {@code x86 boot}. */
final class BootCommand {
    private static final String HELP = """
            Usage: splitvisor x86 boot [options] KERNEL [arguments]

            Boots a Multiboot kernel on a board without firmware: memory, processors with their interrupt controllers, and a serial
            port, which is standard output. A write of N to port 0xf4 ends it with exit code 2 N + 1, as with QEMU's
            isa-debug-exit; a triple fault with 255.

              -h, --help        this help
              -m, --memory N    how much memory (256m; k, m, g)
              --smp N           how many processors (1)
              --initrd FILE     a module for the kernel
              --cpu NAME        what CPUID says: full (the default), or baseline, which most guests get
              --vendor NAME     the vendor that CPUID names, 12 characters, by which some kernels choose what to expect
              --interpret       do not translate
            """;

    private static final long DEFAULT_MEMORY = 256 << 20;

    private BootCommand() {}

    static int run(Arguments arguments) throws IOException {
        long memory = DEFAULT_MEMORY;
        int processors = 1;
        byte[] module = null;
        Tiers tiers = Tiers.TRANSLATING;
        Cpuid cpuid = Cpuid.full();
        String option;
        while ((option = arguments.option()) != null) {
            switch (option) {
                case "-h", "--help" -> {
                    System.out.print(HELP);
                    return 0;
                }
                case "-m", "--memory" -> memory = arguments.bytes(option);
                case "--smp" -> processors = Math.toIntExact(arguments.number(option));
                case "--initrd" -> module = Files.readAllBytes(Path.of(arguments.value(option)));
                case "--cpu" -> cpuid = cpuid(arguments.value(option));
                case "--vendor" -> cpuid = vendor(cpuid, arguments.value(option));
                case "--interpret" -> tiers = Tiers.INTERPRETER;
                default -> throw new UsageException("option `" + option + "' not supported.");
            }
        }
        List<String> words = arguments.rest();
        if (words.isEmpty()) {
            throw new UsageException("which kernel?");
        }
        var board = new Board(configuration(memory, processors, cpuid, tiers));
        return board.run(Files.readAllBytes(Path.of(words.getFirst())), String.join(" ", words), module);
    }

    private static Cpuid cpuid(String name) {
        return switch (name) {
            case "full" -> Cpuid.full();
            case "baseline" -> Cpuid.baseline();
            default -> throw new UsageException("no processor `" + name + "'.");
        };
    }

    private static Cpuid vendor(Cpuid cpuid, String name) {
        byte[] text = name.getBytes(StandardCharsets.US_ASCII);
        if (text.length != 12) {
            throw new UsageException("a vendor's name has 12 characters.");
        }
        ByteBuffer words = ByteBuffer.wrap(text).order(ByteOrder.LITTLE_ENDIAN);
        return (eax, ecx) -> {
            Cpuid.Leaf leaf = cpuid.leaf(eax, ecx);
            return (eax & 0x7fff_ffff) == 0
                    ? new Cpuid.Leaf(leaf.eax(), words.getInt(0), words.getInt(8), words.getInt(4))
                    : leaf;
        };
    }

    private static Board.Configuration configuration(long memory, int processors, Cpuid cpuid, Tiers tiers) {
        try {
            return new Board.Configuration(memory, processors, cpuid, tiers, System.out);
        } catch (IllegalArgumentException e) {
            throw new UsageException("not a board: " + e.getMessage());
        }
    }
}
