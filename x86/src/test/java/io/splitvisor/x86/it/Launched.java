// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.x86.it;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.splitvisor.host.RawSyscall;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Programs run natively and on the virtual processor, in processes of their own. */
final class Launched {
    private static final long SECONDS = 100;

    /** What a process left behind. */
    record Result(int code, byte[] out, String err) {}

    private Launched() {}

    /** The path of a program; skips the test where it is not installed. */
    static String need(String name) {
        assumeTrue(RawSyscall.isX86Linux(), "needs Linux on x86-64");
        for (String folder :
                System.getenv().getOrDefault("PATH", "/usr/bin:/bin").split(File.pathSeparator)) {
            Path file = Path.of(folder).resolve(name);
            // Scripts of version managers start programs that are not what they seem.
            if (Files.isExecutable(file) && isElf(file)) {
                return file.toString();
            }
        }
        assumeTrue(false, "needs " + name);
        return null;
    }

    private static boolean isElf(Path file) {
        try (var in = Files.newInputStream(file)) {
            byte[] magic = in.readNBytes(4);
            return magic.length == 4 && magic[0] == 0x7f && magic[1] == 'E';
        } catch (IOException _) {
            return false;
        }
    }

    static Result natively(Path folder, String input, List<String> command) {
        return run(folder, input, command);
    }

    static Result virtually(Path folder, String input, List<String> command) {
        List<String> all = x86("run");
        all.addAll(command);
        return run(folder, input, all);
    }

    /** The command {@code splitvisor x86 VERB}, without building. */
    static List<String> x86(String verb) {
        return new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-XX:+UseCompactObjectHeaders",
                "-Xshare:auto",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                "io.splitvisor.x86.cli.Main",
                verb));
    }

    static Result run(Path folder, String input, List<String> command) {
        try {
            Path err = Files.createTempFile(folder, "err", "");
            Path out = Files.createTempFile(folder, "out", "");
            Path in = Files.writeString(Files.createTempFile(folder, "in", ""), input);
            Process process = new ProcessBuilder(command)
                    .directory(folder.toFile())
                    .redirectInput(in.toFile())
                    .redirectOutput(out.toFile())
                    .redirectError(err.toFile())
                    .start();
            try {
                if (!process.waitFor(SECONDS, TimeUnit.SECONDS)) {
                    throw new AssertionError(command + " did not end within " + SECONDS + " s");
                }
            } finally {
                process.destroyForcibly();
            }
            return new Result(process.exitValue(), Files.readAllBytes(out), Files.readString(err));
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }
}
