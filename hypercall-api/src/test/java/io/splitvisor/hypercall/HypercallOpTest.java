// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.hypercall;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The table of operations, and that there is a typed method for each of them. */
class HypercallOpTest {
    private static final Pattern USE = Pattern.compile("\\bHypercallOp\\.([A-Z][A-Z0-9_]+)");

    @Test
    void shouldHaveATypedClientMethodForEveryOperation() throws IOException {
        Path folder = Path.of("src/main/java/io/splitvisor/hypercall");
        Set<String> used;
        try (Stream<Path> files = Files.list(folder)) {
            used = files.filter(file -> file.getFileName().toString().endsWith("Calls.java"))
                    .flatMap(file -> USE.matcher(text(file)).results().map(found -> found.group(1)))
                    .collect(Collectors.toSet());
        }
        assertThat(used)
                .containsAll(Arrays.stream(HypercallOp.values()).map(Enum::name).toList());
    }

    @Test
    void shouldHaveOneRowForEachNumberAndCommand() {
        assertThat(Arrays.stream(HypercallOp.values()).map(op -> op.number() + " " + op.command()))
                .doesNotHaveDuplicates();
        assertThat(Arrays.stream(HypercallOp.values()).map(HypercallOp::xenName))
                .doesNotHaveDuplicates();
    }

    private static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
