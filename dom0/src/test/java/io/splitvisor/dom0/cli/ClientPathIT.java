// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The short class path that the script gives to client verbs is enough for those that do more than ask a Dom0. */
class ClientPathIT {
    private static final Pattern JAR = Pattern.compile("\\$dist/lib/([A-Za-z0-9-]+)\\.jar");

    @TempDir
    private Path folder;

    private record Result(int code, String out, String err) {}

    @BeforeEach
    void configure() throws IOException {
        Files.writeString(folder.resolve("a.cfg"), """
                name = "a"; type = "jvm"; kernel = "g.jar"; jvm_main = "Main"; paging = "shadow"
                disk = [ "a.img,raw,xvda,w" ]
                """);
    }

    /** The names of the script's jars, as this test's own class path has them: jars, or classes in a build. */
    private static String clientPath() throws IOException {
        String line = Files.readAllLines(Path.of("..", "splitvisor")).stream()
                .filter(l -> l.startsWith("client_path="))
                .findFirst()
                .orElseThrow();
        var entries = new ArrayList<String>();
        Matcher jars = JAR.matcher(line);
        while (jars.find()) {
            entries.add(entry(jars.group(1)));
        }
        assertThat(entries).hasSizeGreaterThan(1);
        return String.join(File.pathSeparator, entries);
    }

    private static String entry(String name) {
        return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                .map(Path::of)
                .filter(path -> path.getFileName().toString().startsWith(name + "-")
                        || path.endsWith(Path.of(name, "target", "classes")))
                .map(Path::toString)
                .collect(Collectors.collectingAndThen(Collectors.toList(), List::getFirst));
    }

    private Result run(String... words) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                clientPath(),
                "io.splitvisor.dom0.cli.Main"));
        command.addAll(List.of(words));
        Process process = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectInput(new File("/dev/null"))
                .redirectOutput(folder.resolve("out").toFile())
                .redirectError(folder.resolve("err").toFile())
                .start();
        try {
            int code = process.waitFor();
            return new Result(code, text("out"), text("err"));
        } finally {
            process.destroyForcibly();
        }
    }

    private String text(String file) throws IOException {
        return Files.readString(folder.resolve(file), StandardCharsets.UTF_8);
    }

    @Test
    void shouldShowWhatWouldBeCreated() throws Exception {
        Result result = run("create", "-n", "a.cfg", "memory=96");
        assertThat(result.err()).isEmpty();
        assertThat(result.out()).contains("\"name\": \"a\"", "\"max_memkb\": 98304", "a.img\"");
        assertThat(result.code()).isZero();
    }

    @Test
    void shouldSayWhatIsWrongWithAConfiguration() throws Exception {
        assertThat(run("-N", "create", "a.cfg", "paging=what"))
                .isEqualTo(new Result(
                        1, "", "command line: paging: found 'what', expected one of none, shadow, registered, ept\n"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"-N block-attach a b.img,raw,xvdb,r", "completion", "help create", "--version"})
    void shouldRunWithoutADom0(String line) throws Exception {
        Result result = run(line.split(" "));
        assertThat(result.err()).isEmpty();
        assertThat(result.out()).isNotBlank();
        assertThat(result.code()).isZero();
    }

    @Test
    void shouldPrintNamesOfHypercallsInATrace() throws Exception {
        Files.writeString(folder.resolve("no.trace"), "no trace at all");
        assertThat(run("trace-print", "--op", "nothing", "no.trace"))
                .isEqualTo(new Result(1, "", "no hypercall has 'nothing' in its name\n"));
        assertThat(run("trace-print", "no.trace").err()).contains("not a trace file");
    }

    @Test
    void shouldLookForDrivers() throws Exception {
        Result result = run("drivers", "--driver-path", ".");
        assertThat(result.code()).isEqualTo(1);
        assertThat(result.err())
                .contains("no back end", "META-INF/services/io.splitvisor.driver.backend.BackendDriver");
    }
}
