// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.stress.ring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Runs the jcstress tests of this module: short by default. {@code -Dstress.jcstress="-m default"} (or any other options
 * of jcstress) runs them long, {@code -Dstress.minutes=N} limits that.
 */
class JcstressIT {
    private static final String SHORT = "-sc false -f 1 -iters 2 -time 500 -jvmArgs -XX:-TieredCompilation";
    private static final long MINUTES = Long.getLong("stress.minutes", 10);

    /** Tests whose actors do not find a processor each are left out by jcstress. */
    private static final int PROCESSORS = Runtime.getRuntime().availableProcessors();

    private static List<String> tests() throws IOException {
        try (InputStream in = JcstressIT.class.getResourceAsStream("/META-INF/TestList")) {
            String list = new String(in.readAllBytes(), StandardCharsets.UTF_8);
            // The number of actors follows the runner's name, with its length before it.
            return Pattern.compile("JCTEST\\d+S([\\w.]+?)\\d+Sio\\..*?_jcstress4Snull1I(\\d)")
                    .matcher(list)
                    .results()
                    .filter(result -> Integer.parseInt(result.group(2)) <= PROCESSORS)
                    .map(result -> result.group(1))
                    .toList();
        }
    }

    @Test
    @Timeout(value = 1, unit = TimeUnit.DAYS)
    void shouldFindNoForbiddenResult() throws Exception {
        assumeTrue(PROCESSORS >= 2, "jcstress needs two processors");
        List<String> tests = tests();
        assertThat(tests).hasSizeGreaterThanOrEqualTo(11);
        Path folder = Files.createDirectories(Path.of("target", "jcstress").toAbsolutePath());
        Path log = folder.resolve("log.txt");
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                "org.openjdk.jcstress.Main",
                "-v",
                "-r",
                "report"));
        command.addAll(List.of(System.getProperty("stress.jcstress", SHORT).split(" ", -1)));
        Process process = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        try {
            assertThat(process.waitFor(Duration.ofMinutes(MINUTES)))
                    .as("within %d minutes; see %s", MINUTES, log)
                    .isTrue();
        } finally {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        }
        String output = Files.readString(log);
        assertThat(process.exitValue()).as(output).isZero();
        assertThat(output).contains("Failed tests: No matches.").contains("Error tests: No matches.");
        List<String> passed = Pattern.compile("\\[OK] (io\\.[\\w.]+)")
                .matcher(output)
                .results()
                .map(MatchResult::group)
                .map(line -> line.substring("[OK] ".length()))
                .distinct()
                .toList();
        assertThat(passed).as("none was left out").containsExactlyInAnyOrderElementsOf(tests);
    }
}
