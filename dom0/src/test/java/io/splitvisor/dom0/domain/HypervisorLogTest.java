// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.domain;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.monitor.Machine;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class HypervisorLogTest {
    private final HypervisorLog log = new HypervisorLog();

    private static String text(Machine.LogText piece) {
        return new String(piece.text(), StandardCharsets.UTF_8);
    }

    @Test
    void shouldReadTheLogInPiecesAndGoOnWhereItStopped() {
        log.add("one");
        log.add("two");
        String all = String.join("\n", log.read(false)) + "\n";
        StringBuilder pieces = new StringBuilder();
        int next = 0;
        for (int round = 0; round < 1000 && pieces.length() < all.length(); round++) {
            Machine.LogText piece = log.readBytes(next, 7, false);
            assertThat(piece.text().length).isBetween(1, 7);
            pieces.append(text(piece));
            next = piece.next();
        }
        assertThat(pieces).hasToString(all);
        assertThat(log.readBytes(next, 7, false).text()).isEmpty();
        log.add("three");
        assertThat(text(log.readBytes(next, 1000, false))).endsWith("three\n").doesNotContain("two");
    }

    @Test
    void shouldStartAtTheBeginningFromAPlaceThatIsNotThere() {
        log.add("one");
        for (int from : new int[] {0, -1, 1 << 30, Integer.MIN_VALUE}) {
            assertThat(text(log.readBytes(from, 1000, false))).endsWith("one\n");
        }
    }

    @Test
    void shouldForgetWholeLinesThatWereRead() {
        log.add("one");
        log.add("two");
        int first = log.read(false).getFirst().length() + 1;
        int next = log.readBytes(0, first + 3, true).next();
        assertThat(log.read(false)).hasSize(1).first().asString().endsWith("two");
        assertThat(text(log.readBytes(next, 1000, true))).endsWith("two\n");
        assertThat(log.read(false)).isEmpty();
        assertThat(log.readBytes(next, 1000, false).text()).isEmpty();
    }

    @Test
    void h13_shouldDropWhatADomainWritesTooFast() {
        for (int i = 0; i < 1000; i++) {
            log.add(7, "noise " + i);
        }
        log.add("of Dom0");
        assertThat(log.read(false)).hasSize(21).last().asString().endsWith("of Dom0");
    }
}
