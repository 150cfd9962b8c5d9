// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.examples.vrng;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.splitvisor.driver.derived.CHeader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** The header that the front end in C is compiled with is the one that the declaration makes. */
class VrngHeaderGoldenTest {
    @Test
    void shouldBeWhatTheDeclarationMakes() throws IOException {
        assertEquals(CHeader.of(Vrng.PROTOCOL), Files.readString(Path.of("vrng/native/vrng.h")));
    }
}
