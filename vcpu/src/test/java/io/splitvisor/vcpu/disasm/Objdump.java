// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.disasm;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** What binutils make of machine code. */
final class Objdump {
    private Objdump() {}

    /**
     * The text of instructions, each of which starts at a multiple of {@code step} and is followed by one-byte NOPs; skips
     * the test where there is no objdump.
     */
    static List<String> texts(byte[] code, int step, int bits) throws IOException, InterruptedException {
        Path file = Files.createTempFile("objdump", ".bin");
        try {
            Files.write(file, code);
            String machine = bits == 64 ? "i386:x86-64" : bits == 32 ? "i386" : "i8086";
            ProcessBuilder builder = new ProcessBuilder(
                    "objdump",
                    "-D",
                    "-b",
                    "binary",
                    "-m",
                    machine,
                    "-M",
                    "intel",
                    "-w",
                    "--no-show-raw-insn",
                    file.toString());
            Process process = null;
            try {
                process = builder.redirectErrorStream(true).start();
            } catch (IOException e) {
                assumeTrue(false, "needs objdump of binutils");
                throw e;
            }
            List<String> texts = new ArrayList<>();
            try (var lines = process.inputReader(StandardCharsets.UTF_8)) {
                lines.lines().forEach(line -> collect(line, step, texts));
            }
            process.waitFor();
            return texts;
        } finally {
            Files.delete(file);
        }
    }

    private static void collect(String line, int step, List<String> texts) {
        int colon = line.indexOf(":\t");
        if (colon < 0) {
            return;
        }
        long at = Long.parseLong(line.substring(0, colon).strip(), 16);
        if (at % step == 0) {
            while (texts.size() < at / step) {
                texts.add("(inside another)");
            }
            texts.add(line.substring(colon + 2).strip());
        }
    }
}
