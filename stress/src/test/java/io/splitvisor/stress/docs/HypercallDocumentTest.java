// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.stress.docs;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.abi.Hypercall;
import io.splitvisor.hypercall.HypercallArgument;
import io.splitvisor.hypercall.HypercallOp;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** docs/hypercalls.md lists the operations that there are. */
class HypercallDocumentTest {
    private static final String BEGIN = "<!-- operations -->\n";
    private static final String END = "<!-- end of operations -->\n";

    // Surefire runs in the module's folder.
    private final Path document = Path.of("").toAbsolutePath().getParent().resolve("docs/hypercalls.md");

    @Test
    void shouldListEveryOperation() throws IOException {
        String text = Files.readString(document);
        int begin = text.indexOf(BEGIN) + BEGIN.length();
        int end = text.indexOf(END);
        String table = table();
        if (Boolean.getBoolean("splitvisor.update")) {
            Files.writeString(document, text.substring(0, begin) + table + text.substring(end));
        } else {
            assertThat(text.substring(begin, end))
                    .as("the table of operations is stale; the paragraph before it says how to make it anew")
                    .isEqualTo(table);
        }
    }

    private static String table() {
        return "| hypercall | operation | structure | what it does |\n|---|---|---|---|\n"
                + Arrays.stream(HypercallOp.values())
                        .sorted(Comparator.comparingInt(HypercallOp::number).thenComparingInt(HypercallOp::command))
                        .map(HypercallDocumentTest::row)
                        .collect(Collectors.joining());
    }

    private static String row(HypercallOp op) {
        String command = op.command() == HypercallOp.NO_COMMAND ? "" : " (" + op.command() + ")";
        return "| " + op.number() + " `" + Hypercall.nameOf(op.number()) + "` | `" + op.xenName() + "`" + command
                + (op.privileged() ? ", Dom0" : "") + " | " + structure(op.argument()) + " | " + op.summary()
                + " |\n";
    }

    private static String structure(HypercallArgument argument) {
        String name = "`" + argument.structure() + "` ";
        return switch (argument.kind()) {
            case NONE -> "";
            case IN -> name + "in";
            case OUT -> name + "out";
            case IN_OUT -> name + "in, out";
            case ARRAY -> name + "array";
        };
    }
}
