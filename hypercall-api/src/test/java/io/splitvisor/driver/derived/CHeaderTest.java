// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.derived;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.splitvisor.abi.io.Blkif;
import io.splitvisor.driver.Field;
import io.splitvisor.driver.Protocol;
import io.splitvisor.driver.Struct;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What a C compiler makes of the header is what was declared. */
class CHeaderTest {
    @TempDir
    private Path folder;

    static Stream<Protocol> protocols() {
        return Stream.of(Sample.PROTOCOL, Blkif.PROTOCOL);
    }

    @BeforeAll
    static void needsACompiler() {
        boolean there = Stream.of(System.getenv("PATH").split(File.pathSeparator))
                .anyMatch(path -> Files.isExecutable(Path.of(path, "gcc")));
        assumeTrue(there, "gcc is not there");
    }

    @ParameterizedTest
    @MethodSource("protocols")
    void shouldHaveTheDeclaredSizesAndOffsetsInC(Protocol protocol) throws Exception {
        String header = protocol.type() + ".h";
        Files.writeString(folder.resolve(header), CHeader.of(protocol));
        List<String> prints = new ArrayList<>();
        List<String> expected = new ArrayList<>();
        for (Struct struct : ProtocolStructs.of(protocol)) {
            print(prints, "sizeof(struct " + struct.name() + ")");
            expected.add(String.valueOf(struct.size()));
            for (Field field : struct.fields()) {
                print(prints, "offsetof(struct " + struct.name() + ", " + field.name() + ")");
                print(prints, "sizeof(((struct " + struct.name() + " *)0)->" + field.name() + ")");
                expected.add(String.valueOf(field.offset()));
                expected.add(String.valueOf(field.size()));
            }
        }
        print(prints, "sizeof(union " + protocol.type() + "_slot)");
        expected.add(String.valueOf(protocol.slotSize()));
        assertThat(compileAndRun(header, prints)).containsExactlyElementsOf(expected);
    }

    @Test
    void shouldHaveTheConstantsInC() throws Exception {
        Files.writeString(folder.resolve("sample.h"), CHeader.of(Sample.PROTOCOL));
        List<String> prints = new ArrayList<>();
        for (String constant : List.of(
                "SAMPLE_VERSION",
                "SAMPLE_OP_ERASE",
                "SAMPLE_RSP_UNSUPPORTED",
                "SAMPLE_MAX_LENGTH",
                "SAMPLE_MAX_QUEUES",
                "SAMPLE_MAX_RING_PAGE_ORDER",
                "(int32_t) sizeof(SAMPLE_NODE_FEATURE_PERSISTENT)")) {
            print(prints, constant);
        }
        assertThat(compileAndRun("sample.h", prints)).containsExactly("3", "9", "-95", "4096", "2", "1", "19");
    }

    private static void print(List<String> statements, String expression) {
        statements.add("printf(\"%ld\\n\", (long) " + expression + ");");
    }

    private List<String> compileAndRun(String header, List<String> statements)
            throws IOException, InterruptedException {
        Path source = folder.resolve("main.c");
        Files.writeString(
                source,
                "#include <stdio.h>\n#include \"" + header + "\"\nint main(void) {\n" + String.join("\n", statements)
                        + "\nreturn 0;\n}\n");
        Path program = folder.resolve("main");
        String compiled =
                run("gcc", "-std=c11", "-Wall", "-Wextra", "-Werror", "-o", program.toString(), source.toString());
        assertThat(compiled).isEmpty();
        return run(program.toString()).lines().toList();
    }

    private static String run(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        try {
            String output = new String(process.getInputStream().readAllBytes(), UTF_8);
            assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
            assertThat(process.exitValue()).as(output).isZero();
            return output;
        } finally {
            process.destroyForcibly();
        }
    }
}
