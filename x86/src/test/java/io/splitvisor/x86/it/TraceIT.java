// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.x86.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code x86 trace} of a program with threads. */
class TraceIT {
    @TempDir
    Path folder;

    @Test
    void shouldTraceThreadsBehindTheirNumbers() throws IOException, InterruptedException {
        Files.writeString(folder.resolve("p.c"), GdbIT.THREADS);
        List<String> compile = List.of(Launched.need("gcc"), "-g", "-static", "-pthread", "-o", "p", "p.c");
        assertThat(Launched.natively(folder, "", compile).code()).isZero();
        String work = new String(
                        Launched.natively(folder, "", List.of("nm", "p")).out(), StandardCharsets.US_ASCII)
                .lines()
                .filter(l -> l.endsWith(" T work"))
                .findFirst()
                .orElseThrow()
                .replaceFirst("^0*", "0x")
                .replace(" T work", "");
        List<String> trace = Launched.x86("trace");
        trace.addAll(List.of("--from", work, "-o", "trace.txt", "./p"));
        assertThat(Launched.run(folder, "", trace).code()).isEqualTo(3);
        List<String> lines = Files.readAllLines(folder.resolve("trace.txt"));
        // Not the first of all: once a thread is there, the others are traced, too.
        assertThat(lines).anyMatch(line -> line.contains(work.substring(2) + "  "));
        List<String> numbers = lines.stream()
                .filter(l -> l.startsWith("["))
                .map(l -> l.substring(0, l.indexOf(']')))
                .distinct()
                .toList();
        assertThat(numbers).as("threads traced").hasSizeGreaterThanOrEqualTo(2);
    }
}
