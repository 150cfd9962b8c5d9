// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.examples.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the scripts do on machines that lack something: a copy of them, with a PATH and folders of JDKs of the test's own. */
class ScriptsIT {
    private static final List<String> TOOLS = List.of(
            "sh", "readlink", "dirname", "sed", "head", "find", "mkdir", "flock", "cat", "grep", "rm", "mv", "uname");

    @TempDir
    private Path folder;

    private final Map<String, String> variables = new TreeMap<>();

    private record Result(int status, String out, String err) {}

    @BeforeEach
    void copy() throws IOException {
        Path root = Path.of("").toAbsolutePath().getParent();
        Path checkout = Files.createDirectories(folder.resolve("checkout"));
        Files.createDirectories(checkout.resolve("config"));
        for (String script : List.of("splitvisor", "verify", "config/jdk.sh", "config/skipped-tests.awk", "pom.xml")) {
            Files.copy(
                    root.resolve(script), checkout.resolve(script), java.nio.file.StandardCopyOption.COPY_ATTRIBUTES);
        }
        Path bin = Files.createDirectories(folder.resolve("bin"));
        for (String tool : TOOLS) {
            for (String place : List.of("/bin", "/usr/bin")) {
                Path real = Path.of(place, tool);
                if (Files.isExecutable(real) && !Files.exists(bin.resolve(tool))) {
                    Files.createSymbolicLink(bin.resolve(tool), real);
                }
            }
        }
        assumeTrue(Files.exists(bin.resolve("sh")) && Files.exists(bin.resolve("sed")), "needs sh and sed");
        variables.put("PATH", bin.toString());
        variables.put("HOME", folder.toString());
        variables.put(
                "SPLITVISOR_JDK_FOLDERS",
                Files.createDirectories(folder.resolve("jdks")).toString());
    }

    /** Else JUnit tells of every link that it removes. */
    @AfterEach
    void removeLinks() throws IOException {
        try (Stream<Path> links = Files.list(folder.resolve("bin"))) {
            for (Path link : links.toList()) {
                Files.delete(link);
            }
        }
    }

    /** A JDK as far as the scripts can see. */
    private Path jdk(String where, String version, boolean release) throws IOException {
        Path home = folder.resolve(where);
        Files.createDirectories(home.resolve("bin"));
        for (String program : List.of("java", "javac")) {
            Path file = home.resolve("bin").resolve(program);
            Files.writeString(file, """
                    #!/bin/sh
                    echo 'openjdk version "%s.0.1" 2025-10-21' >&2
                    """.formatted(version));
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
        }
        if (release) {
            Files.writeString(home.resolve("release"), "JAVA_VERSION=\"" + version + ".0.1\"\n");
        }
        return home;
    }

    private Result run(String... words) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(words));
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(folder.resolve("checkout").toFile())
                .redirectInput(new java.io.File("/dev/null"))
                .redirectOutput(folder.resolve("out").toFile())
                .redirectError(folder.resolve("err").toFile());
        builder.environment().clear();
        builder.environment().putAll(variables);
        int status = builder.start().waitFor();
        return new Result(status, text("out"), text("err"));
    }

    private String text(String file) throws IOException {
        return Files.readString(folder.resolve(file), StandardCharsets.UTF_8);
    }

    @ParameterizedTest
    @ValueSource(strings = {"splitvisor", "verify"})
    void shouldSayWhatToInstallWhereThereIsNoJdk(String script) throws Exception {
        Result result = run(folder.resolve("checkout").resolve(script).toString(), "list");
        assertThat(result.status()).isEqualTo(1);
        assertThat(result.out()).isEmpty();
        assertThat(result.err())
                .startsWith(script + ": no JDK 25 or newer found.\n")
                .contains("openjdk-25-jdk", "https://adoptium.net", "set JAVA_HOME")
                .doesNotContain("JAVA_HOME is ");
    }

    @ParameterizedTest
    @CsvSource({"splitvisor,17,true", "splitvisor,24,false", "verify,21,true", "verify,8,false"})
    void shouldNotTakeAnOlderJdk(String script, String version, boolean release) throws Exception {
        Path old = jdk("jdks/old", version, release);
        variables.put("JAVA_HOME", old.toString());
        variables.merge("PATH", old.resolve("bin").toString(), (path, more) -> path + ":" + more);
        Result result = run(folder.resolve("checkout").resolve(script).toString());
        assertThat(result.status()).isEqualTo(1);
        assertThat(result.err())
                .startsWith(script + ": no JDK 25 or newer found.\n")
                .endsWith("JAVA_HOME is " + old + ", which is not a JDK 25 or newer.\n");
    }

    @Test
    void shouldFindTheOneThatFitsAmongOthers() throws Exception {
        jdk("jdks/11", "11", true);
        jdk("jdks/21", "21", false);
        Path fits = jdk("more jdks/temurin 25", "25", true);
        variables.merge("SPLITVISOR_JDK_FOLDERS", folder.resolve("more jdks").toString(), (a, b) -> a + ":" + b);
        variables.put("JAVA_HOME", folder.resolve("nowhere").toString());
        Result result = run("sh", "-c", ". config/jdk.sh; find_jdk && echo \"$JAVA_HOME\"");
        assertThat(result).isEqualTo(new Result(0, fits + "\n", ""));
    }

    @Test
    void shouldPreferJavaHome() throws Exception {
        jdk("jdks/25", "25", true);
        Path wanted = jdk("mine", "26", false);
        variables.put("JAVA_HOME", wanted.toString());
        Result result = run("sh", "-c", ". config/jdk.sh; find_jdk && echo \"$JAVA_HOME\"");
        assertThat(result.out()).isEqualTo(wanted + "\n");
    }

    @Test
    void shouldFindTheOneOnThePath() throws Exception {
        Path onPath = jdk("elsewhere", "25", true);
        variables.merge("PATH", onPath.resolve("bin").toString(), (path, more) -> path + ":" + more);
        Result result = run("sh", "-c", ". config/jdk.sh; find_jdk && echo \"$JAVA_HOME\"");
        assertThat(result.out()).isEqualTo(onPath.toRealPath() + "\n");
    }

    /** What continuous integration prints of the reports that Surefire writes. */
    @Test
    void shouldNameSkippedTestsAndWhyTheyWere() throws Exception {
        String awk = "/usr/bin/awk";
        assumeTrue(Files.isExecutable(Path.of(awk)), "needs awk");
        Path report = Files.writeString(folder.resolve("TEST-a.xml"), """
                <testsuite name="a.FooIT" tests="5" skipped="4">
                  <testcase name="shouldRun" classname="a.FooIT" time="0.1"/>
                  <testcase name="shouldAttribute" classname="a.FooIT" time="0">
                    <skipped message="Assumption failed: needs gcc" type="org.opentest4j.TestAbortedException"/>
                  </testcase>
                  <testcase name="shouldText(int)[1]" classname="a.FooIT" time="0">
                    <skipped type="org.opentest4j.TestAbortedException"><![CDATA[Aborted: needs fio
                	at a.FooIT.shouldText(FooIT.java:3)
                ]]></skipped>
                  </testcase>
                  <testcase name="shouldNextLine" classname="a.FooIT" time="0">
                    <skipped>
                      <![CDATA[needs qemu-nbd]]>
                    </skipped>
                  </testcase>
                  <testcase name="shouldSayNothing" classname="a.FooIT" time="0">
                    <skipped/>
                  </testcase>
                </testsuite>
                """);
        Result result = run(awk, "-f", "config/skipped-tests.awk", report.toString());
        assertThat(result).isEqualTo(new Result(0, """
                a.FooIT.shouldAttribute
                    skipped: Assumption failed: needs gcc
                a.FooIT.shouldText(int)[1]
                    skipped: Aborted: needs fio
                a.FooIT.shouldNextLine
                    skipped: needs qemu-nbd
                a.FooIT.shouldSayNothing
                    skipped: (no reason)
                """, ""));
    }
}
