// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.x86.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Programs of the distribution print the same on the virtual processor as natively, and end with the same code. */
class RealProgramsIT {
    private static final long SEED = 20261122;

    @TempDir
    Path folder;

    @BeforeEach
    void makeFiles() throws IOException {
        var random = new SplittableRandom(SEED);
        byte[] data = new byte[300_000];
        random.nextBytes(data);
        // Some of it is easy to compress.
        java.util.Arrays.fill(data, 100_000, 200_000, (byte) 'x');
        Files.write(folder.resolve("data"), data);
        Files.writeString(
                folder.resolve("numbers"),
                IntStream.range(0, 5000)
                        .mapToObj(i -> random.nextInt(10_000) + " line " + random.nextInt())
                        .collect(Collectors.joining("\n", "", "\n")));
    }

    private Launched.Result shouldBehaveAsNatively(String input, String... command) {
        List<String> words = new ArrayList<>(List.of(command));
        if (!command[0].startsWith("/")) {
            words.set(0, Launched.need(command[0]));
        }
        Launched.Result real = Launched.natively(folder, input, words);
        Launched.Result ours = Launched.virtually(folder, input, words);
        assertThat(ours.err()).isEqualTo(real.err());
        assertThat(ours.code()).isEqualTo(real.code());
        assertThat(new String(ours.out(), StandardCharsets.ISO_8859_1))
                .isEqualTo(new String(real.out(), StandardCharsets.ISO_8859_1));
        return ours;
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "sha256sum data",
                "sort -n numbers",
                "wc data numbers",
                "gzip -9 -c data",
                "openssl dgst -sha512 data",
                "openssl dgst -md5 data",
                "busybox sha1sum data",
                "busybox sort -r numbers",
                "ls -la data numbers",
                "nice",
                "cat no-such-file",
                "false"
            })
    void shouldRun(String command) {
        shouldBehaveAsNatively("", command.split(" "));
    }

    @Test
    void shouldReadFromAPipe() {
        shouldBehaveAsNatively("c\nb\na\n", "sort");
    }

    @Test
    void shouldRunPerl() {
        shouldBehaveAsNatively(
                "",
                "perl",
                "-e",
                "my %h; for (1..5000) { $h{$_ % 97} += sqrt($_) } printf qq{%.6f\\n}, $h{$_} for sort keys %h;"
                        + " print join(q{,}, map { sprintf '%x', $_ ** 3 } 1..50), qq{\\n}");
    }

    @Test
    void shouldRunPython() {
        shouldBehaveAsNatively(
                "",
                "python3",
                "-c",
                "import hashlib, json, math\n"
                        + "print(hashlib.sha256(b'x' * 1000).hexdigest())\n"
                        + "print(json.dumps({'a': [1, 2.5, 'x'], 'pi': math.pi, 'e': math.exp(1.5)}))\n"
                        + "print(sum(i * i for i in range(20000)), 2 ** 200, 1e300 * 3.3)");
    }

    @Test
    void shouldRunAShellThatForksAndExecutesAndHandlesSignals() {
        shouldBehaveAsNatively(
                "",
                "bash",
                "-c",
                "echo a | sed s/a/b/; (exit 5); echo $?; for i in 1 2 3; do echo $i; done | wc -l; x=$(echo sub); echo $x;"
                        + " trap 'echo got' USR1; kill -USR1 $$; cd /; pwd; sleep 0.05 & wait; echo $?; exit 7");
    }

    /** The hardest of guests that are at hand: it writes its own code, and lets itself be told of faults and by pages without rights. */
    @Test
    void shouldRunAJavaVirtualMachine() throws URISyntaxException {
        String classes = Path.of(SmallJavaProgram.class
                        .getProtectionDomain()
                        .getCodeSource()
                        .getLocation()
                        .toURI())
                .toString();
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        Launched.Result ours = shouldBehaveAsNatively(
                "",
                java,
                "-XX:+UseSerialGC",
                "-XX:-UsePerfData",
                "-Xmx64m",
                "-cp",
                classes,
                SmallJavaProgram.class.getName());
        assertThat(ours.code()).isZero();
    }

    /** glibc looks for the first thread's stack in /proc/self/maps. */
    @Test
    void shouldShowItsMappings() {
        shouldBehaveAsNatively(
                "", "python3", "-c", "print(sum(1 for l in open('/proc/self/maps') if ' rw-p ' in l) > 3)");
    }

    /** The dynamic linker looks for libraries beside it. */
    @Test
    void shouldKnowItsFileBehindSymbolicLinks() throws IOException {
        Path link = Files.createSymbolicLink(folder.resolve("link"), Path.of(Launched.need("readlink")));
        shouldBehaveAsNatively("", link.toString(), "/proc/self/exe");
    }

    @Test
    void shouldEndBySignalAsAShellWouldSee() {
        List<String> words = List.of(Launched.need("bash"), "-c", "kill -TERM $$");
        assertThat(Launched.virtually(folder, "", words).code()).isEqualTo(128 + 15);
    }

    @Test
    void shouldCompileAProgramThatRuns() throws IOException {
        String gcc = Launched.need("gcc");
        Files.writeString(folder.resolve("hello.c"), """
                #include <stdio.h>
                int main(int argc, char **argv) {
                    printf("%d %s %.3f %Lf\\n", argc, argv[1], 10 / 3.0, 1.5L * argc);
                    return 3;
                }
                """);
        for (String[] flags : new String[][] {{"-O2"}, {"-O0", "-static"}}) {
            List<String> words = new ArrayList<>(List.of(gcc));
            words.addAll(List.of(flags));
            words.addAll(List.of("-o", "hello", "hello.c"));
            Launched.Result compiled = Launched.virtually(folder, "", words);
            assertThat(compiled.err()).isEmpty();
            byte[] ours = Files.readAllBytes(folder.resolve("hello"));
            Launched.Result real = Launched.natively(folder, "", words);
            assumeTrue(real.code() == 0, "needs a working " + String.join(" ", words));
            assertThat(ours).isEqualTo(Files.readAllBytes(folder.resolve("hello")));
            shouldBehaveAsNatively("", folder.resolve("hello").toString(), "x");
        }
    }
}
