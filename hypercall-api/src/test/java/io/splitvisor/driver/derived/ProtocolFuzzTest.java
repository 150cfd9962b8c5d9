// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.derived;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What {@link ProtocolFuzz} has found on its way through the code; it searches further. */
class ProtocolFuzzTest {
    static List<String> inputs() {
        try (var lines = new BufferedReader(new InputStreamReader(
                Objects.requireNonNull(ProtocolFuzzTest.class.getResourceAsStream("slots.hex")),
                StandardCharsets.UTF_8))) {
            return lines.lines().filter(line -> !line.startsWith("#")).toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @ParameterizedTest
    @MethodSource("inputs")
    void shouldKeepToTheDeclaration(String input) {
        new ProtocolFuzz().fuzzSlots(HexFormat.of().parseHex(input));
    }
}
