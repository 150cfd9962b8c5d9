// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.domain;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class GuestOutputTest {
    @Test
    void shouldQuoteTheLastLines() {
        String history =
                IntStream.range(0, 30).mapToObj(i -> "line " + i + "\n\n").collect(Collectors.joining());
        assertThat(GuestOutput.lastLines(history)).startsWith("\n    line 20\n").endsWith("\n    line 29");
        assertThat(GuestOutput.lastLines("")).isEmpty();
    }

    @Test
    void shouldKeepAGuestFromSteeringTheTerminalOfWhoeverCreatesIt() {
        assertThat(GuestOutput.lastLines("\033[31mred\033[0m \033]0;title\007 \033[2Jaway\u202e"))
                .isEqualTo("\n    red .]0;title. .[2Jaway.");
    }
}
