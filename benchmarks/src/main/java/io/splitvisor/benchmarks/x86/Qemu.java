// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.benchmarks.x86;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Runs an {@link Image} under QEMU's translator, in system emulation. */
final class Qemu {
    static final String PROGRAM = "qemu-system-x86_64";
    private static final int SECONDS = 60;

    private final Path folder;

    Qemu(Path folder) {
        this.folder = folder;
    }

    static boolean isThere() {
        for (String entry : System.getenv("PATH").split(":", -1)) {
            if (Files.isExecutable(Path.of(entry, PROGRAM))) {
                return true;
            }
        }
        return false;
    }

    /** Runs an image to its end. */
    Rounds run(byte[] image) throws IOException, InterruptedException {
        Path file = folder.resolve("image");
        Files.write(file, image);
        Process process = new ProcessBuilder(List.of(
                        PROGRAM,
                        "-accel",
                        "tcg",
                        "-cpu",
                        "qemu64",
                        "-m",
                        "64",
                        "-nodefaults",
                        "-display",
                        "none",
                        "-no-reboot",
                        "-serial",
                        "stdio",
                        "-device",
                        "isa-debug-exit,iobase=0x" + Integer.toHexString(Image.EXIT) + ",iosize=4",
                        "-kernel",
                        file.toString()))
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        try {
            process.onExit().orTimeout(SECONDS, TimeUnit.SECONDS).exceptionally(late -> process.destroyForcibly());
            Rounds rounds = new Rounds();
            InputStream serial = process.getInputStream();
            for (int letter = serial.read(); letter >= 0 && !rounds.ended(); letter = serial.read()) {
                rounds.take(letter);
            }
            if (!rounds.ended()) {
                throw new IOException("QEMU ended early, or took longer than " + SECONDS + " s");
            }
            return rounds;
        } finally {
            process.destroyForcibly().waitFor();
        }
    }
}
