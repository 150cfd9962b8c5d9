// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.dom0.cli.Shell.Result;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code bench}, with {@link FakeBenchmark}. */
class BenchCommandTest {
    @TempDir
    private Path folder;

    private Result run(String line) {
        return Shell.at(folder, folder, line.split(" "));
    }

    @Test
    void shouldListTheBenchmarks() {
        assertThat(run("bench")).isEqualTo(new Result(0, " fake                how it was asked\n", ""));
        assertThat(run("bench --json").out()).contains("\"name\": \"fake\"", "\"summary\": \"how it was asked\"");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "bench fake | measured []",
                "bench fake hot | measured [hot]",
                "bench fake hot cold | measured [hot, cold]",
                "bench fake loop --output=table | measured [loop]",
                "bench fake --json hot | [\"hot\"]",
                "--json bench fake | [\"\"]",
                "bench --json fake cold | [\"cold\"]",
                "bench fake --output=json | [\"\"]"
            })
    void shouldRunTheWholeOrParts(String line, String expected) {
        assertThat(run(line)).isEqualTo(new Result(0, expected + "\n", ""));
    }

    @ParameterizedTest
    @ValueSource(strings = {"bench fake --help", "bench fake -h", "bench fake hot --help"})
    void shouldExplainOneWithoutRunningIt(String line) {
        assertThat(run(line)).isEqualTo(new Result(0, """
                Usage: splitvisor bench fake [--json] [part...]

                how it was asked.

                A part is chosen by a piece of its name; without any, all are measured:

                  hot loop
                  cold loop
                """, ""));
    }

    @Test
    void shouldRefuseAPartThatThereIsNot() {
        Result result = run("bench fake --turns=3");
        assertThat(result.code()).isEqualTo(1);
        assertThat(result.out()).isEmpty();
        assertThat(result.err())
                .startsWith("bench fake: '--turns=3' is in none of its parts\n")
                .contains("  hot loop\n");
        assertThat(run("bench nothing").err()).isEqualTo("no benchmark 'nothing'; 'splitvisor bench' lists them\n");
    }
}
