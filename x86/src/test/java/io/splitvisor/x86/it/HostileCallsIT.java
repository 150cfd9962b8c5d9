// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.x86.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A program that asks its kernel for what must not be given gets the errors that it would get natively. */
class HostileCallsIT {
    @TempDir
    Path folder;

    @Test
    void shouldRefuseAsTheKernelDoes() throws IOException {
        String gcc = Launched.need("gcc");
        try (InputStream source = HostileCallsIT.class.getResourceAsStream("hostile_calls.c")) {
            Files.copy(source, folder.resolve("hostile_calls.c"));
        }
        Launched.Result compiled =
                Launched.natively(folder, "", List.of(gcc, "-O1", "-w", "-o", "hostile_calls", "hostile_calls.c"));
        assumeTrue(compiled.code() == 0, () -> "needs a working gcc: " + compiled.err());
        List<String> program = List.of(folder.resolve("hostile_calls").toString());
        Launched.Result real = Launched.natively(folder, "", program);
        Launched.Result ours = Launched.virtually(folder, "", program);
        assertThat(ours.err()).isEmpty();
        assertThat(text(ours)).isEqualTo(text(real));
        assertThat(ours.code()).isEqualTo(real.code()).isZero();
    }

    private static String text(Launched.Result result) {
        return new String(result.out(), StandardCharsets.UTF_8);
    }
}
