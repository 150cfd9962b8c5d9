// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.host;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** Tools of the system that tests ask; a test whose tool is missing is skipped, not failed. */
final class TestCommands {
    private TestCommands() {}

    /** Runs a tool; what it printed, or nothing if it is not installed. A failing tool is an error. */
    static Optional<String> run(String... command) {
        if (!installed(command[0])) {
            return Optional.empty();
        }
        try {
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            process.getOutputStream().close();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            int status = process.waitFor();
            if (status != 0) {
                throw new AssertionError(command[0] + " ended with " + status + ": " + output);
            }
            return Optional.of(output);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    /** As {@link #run}, and skips the test if the tool is not installed. */
    static String assumeRuns(String... command) {
        assumeTrue(installed(command[0]), () -> command[0] + " is not installed");
        return run(command).orElseThrow();
    }

    static boolean installed(String tool) {
        for (String folder : System.getenv("PATH").split(":", -1)) {
            if (Files.isExecutable(Path.of(folder, tool))) {
                return true;
            }
        }
        return false;
    }
}
