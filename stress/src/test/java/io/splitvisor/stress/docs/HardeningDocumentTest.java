// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.stress.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** docs/hardening.md says what the tests say. */
class HardeningDocumentTest {
    // Surefire runs in the module's folder.
    private final Path root = Path.of("").toAbsolutePath().getParent();
    private final HardeningTable table = new HardeningTable(root);

    @Test
    void shouldNameEveryRowThatHasTests() throws IOException {
        Path document = root.resolve("docs/hardening.md");
        if (Boolean.getBoolean("splitvisor.update")) {
            Files.writeString(document, table.text());
        }
        assertThat(Files.readString(document))
                .as("docs/hardening.md is stale; its second paragraph says how to make it anew")
                .isEqualTo(table.text());
    }

    @Test
    void shouldKnowTheRowsThatTestsName() {
        assertThat(table.unknownRows()).isEmpty();
    }
}
