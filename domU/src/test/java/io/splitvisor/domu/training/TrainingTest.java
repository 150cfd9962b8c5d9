// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.domu.training;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import org.junit.jupiter.api.Test;

class TrainingTest {
    @Test
    void shouldPlayAGuestsLifeToItsEnd() throws IOException {
        PrintStream out = System.out;
        PrintStream err = System.err;
        InputStream in = System.in;
        ByteArrayOutputStream terminal = new ByteArrayOutputStream();
        System.setOut(new PrintStream(terminal, true, UTF_8));
        try {
            Training.main(new String[0]);
        } finally {
            System.setOut(out);
            System.setErr(err);
            System.setIn(in);
        }
        assertThat(terminal.toString(UTF_8))
                .isEqualTo("rehearsal: domain 7\nrehearsal: name rehearsal\nrehearsal: Xen 4.17\n");
    }
}
