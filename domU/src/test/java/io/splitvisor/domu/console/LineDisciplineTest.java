// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.domu.console;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LineDisciplineTest {
    private final LineDiscipline lines = new LineDiscipline();

    private void type(String text) {
        byte[] bytes = text.getBytes(UTF_8);
        lines.type(bytes, bytes.length);
    }

    private String read() {
        byte[] bytes = new byte[LineDiscipline.MOST_LINE];
        return new String(bytes, 0, lines.read(bytes, 0, bytes.length), UTF_8);
    }

    private String echo() {
        return new String(lines.takeEcho(), UTF_8);
    }

    @ParameterizedTest
    @CsvSource(quoteCharacter = '"', textBlock = """
            # typed,             read,         echoed
            "ab\\n",             "ab\\n",      "ab\\n"
            "ab\\r",             "ab\\n",      "ab\\n"
            "abx\\177c\\n",      "abc\\n",     "abx<c\\n"
            "abx\\bc\\n",        "abc\\n",     "abx<c\\n"
            "\\177\\177a\\n",    "a\\n",       "a\\n"
            "naïve\\177\\177\\177é\\n", "naé\\n", "naïve<<<é\\n"
            "abc\\025x\\n",      "x\\n",       "abc<<<x\\n"
            "one two  \\027x\\n", "one x\\n",  "one two  <<<<<x\\n"
            "ab\\003x\\n",       "x\\n",       "ab^C\\nx\\n"
            "a\\001\\177b\\n",   "ab\\n",      "a^A<<b\\n"
            "a\\tb\\n",          "a\\tb\\n",   "a\\tb\\n"
            "ab\\004",           "ab",         "ab"
            """)
    void shouldEditLines(String typed, String read, String echoed) {
        type(plain(typed));
        assertThat(read()).isEqualTo(plain(read));
        assertThat(echo()).isEqualTo(plain(echoed).replace("<", "\b \b"));
        assertThat(lines.takeEnd()).isFalse();
    }

    /** The escapes of the table. */
    private static String plain(String text) {
        return text.translateEscapes();
    }

    @Test
    void shouldHandOutNothingBeforeTheLineEnds() {
        type("abc");
        assertThat(lines.available()).isZero();
        assertThat(read()).isEmpty();
        type("\nde");
        assertThat(lines.available()).isEqualTo(4);
        assertThat(read()).isEqualTo("abc\n");
    }

    @Test
    void shouldHandOutOneLineAtATime() {
        type("a\nb\n");
        assertThat(read()).isEqualTo("a\n");
        assertThat(read()).isEqualTo("b\n");
        assertThat(read()).isEmpty();
    }

    @Test
    void shouldEndTheInputOnceWhereALineWouldBegin() {
        type("a\n\004b\n");
        assertThat(lines.takeEnd()).as("after what was typed before").isFalse();
        assertThat(read()).isEqualTo("a\n");
        assertThat(read()).isEqualTo("b\n");
        type("\004");
        assertThat(lines.takeEnd()).isTrue();
        assertThat(lines.takeEnd()).isFalse();
    }

    @Test
    void shouldRingAtTheEndOfALineThatIsTooLong() {
        type("x".repeat(LineDiscipline.MOST_LINE + 10) + "\n");
        assertThat(read()).hasSize(LineDiscipline.MOST_LINE).endsWith("x\n");
        assertThat(echo()).contains("x" + "\007".repeat(11) + "\n");
    }

    @Test
    void shouldHandOverAnUnfinishedLineWhenLinesAreOver() {
        type("abc");
        lines.release();
        assertThat(read()).isEqualTo("abc");
    }

    /** Whatever is typed, in whatever pieces: a user who sees the echo knows what the guest will read. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void shouldShowWhatIsRead(long seed) {
        Random random = new Random(seed);
        byte[] keys = {'a', 'b', ' ', 127, '\b', 'U' - '@', 'W' - '@', 'A' - '@', '\t'};
        for (int round = 0; round < 200; round++) {
            byte[] typed = new byte[random.nextInt(40) + 1];
            for (int i = 0; i < typed.length; i++) {
                typed[i] = keys[random.nextInt(keys.length)];
            }
            typed[typed.length - 1] = '\n';
            int cut = random.nextInt(typed.length);
            lines.type(typed, cut);
            lines.type(Arrays.copyOfRange(typed, cut, typed.length), typed.length - cut);
            assertThat(screen(echo())).isEqualTo(read().replace("\001", "^A"));
        }
    }

    /** What a terminal shows of it. */
    private static String screen(String echoed) {
        StringBuilder shown = new StringBuilder();
        for (char c : echoed.replace("\b \b", "\177").toCharArray()) {
            if (c == '\177') {
                shown.setLength(shown.length() - 1);
            } else {
                shown.append(c);
            }
        }
        return shown.toString();
    }
}
