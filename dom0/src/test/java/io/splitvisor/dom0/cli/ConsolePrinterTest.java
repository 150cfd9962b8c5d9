// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ConsolePrinterTest {
    private final ByteArrayOutputStream screen = new ByteArrayOutputStream();

    private ConsolePrinter printer(boolean terminal) {
        return new ConsolePrinter(
                new PrintStream(screen, true, StandardCharsets.UTF_8), List.of("a", "longer"), terminal);
    }

    private static void write(ConsolePrinter.Lines lines, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        lines.add(bytes, bytes.length);
    }

    private String shown() {
        return screen.toString(StandardCharsets.UTF_8);
    }

    @Test
    void shouldPrintWholeLinesBehindTheirDomain() {
        ConsolePrinter printer = printer(false);
        ConsolePrinter.Lines a = printer.lines("a");
        ConsolePrinter.Lines longer = printer.lines("longer");
        write(a, "one\ntw");
        write(longer, "three\r\n");
        write(a, "o\n\nlast");
        a.close();
        longer.close();
        assertThat(shown()).isEqualTo("a      | one\nlonger | three\na      | two\na      | \na      | last\n");
    }

    @Test
    void shouldShowAProgressBarOnceWhereThereIsNoTerminal() {
        ConsolePrinter.Lines a = printer(false).lines("a");
        write(a, "10%\r20%\r");
        write(a, "30%\rdone\nnext\r");
        a.close();
        assertThat(shown()).isEqualTo("a      | done\na      | next\n");
    }

    @Test
    void shouldRewriteAProgressBarInPlaceOnATerminal() {
        ConsolePrinter printer = printer(true);
        ConsolePrinter.Lines a = printer.lines("a");
        ConsolePrinter.Lines longer = printer.lines("longer");
        write(a, "10%\r20%\r");
        write(longer, "x\n");
        write(a, "30%\r40%\r");
        printer.finish();
        String nameOfA = Colours.start(0) + "a      | " + Colours.end();
        String other = Colours.start(1) + "longer | " + Colours.end();
        assertThat(shown())
                .isEqualTo(nameOfA + "10%\r\033[K" + nameOfA + "20%\n" + other + "x\n" + nameOfA + "30%\r\033[K"
                        + nameOfA + "40%\n");
    }

    @Test
    void c4_shouldKeepAGuestFromSteeringTheTerminal() {
        ConsolePrinter.Lines a = printer(true).lines("a");
        write(a, "\033]0;title\007\033[2J\033[31mred\033[0m\u009b1m\u202e\tok\0\n");
        assertThat(shown()).isEqualTo(Colours.start(0) + "a      | " + Colours.end() + ".]0;title..[2Jred.1m.\tok.\n");
    }

    @Test
    void shouldCutLinesThatDoNotEnd() {
        ConsolePrinter.Lines a = printer(false).lines("a");
        var flood = new byte[100_000];
        java.util.Arrays.fill(flood, (byte) 'x');
        a.add(flood, flood.length);
        a.close();
        assertThat(shown().lines()).hasSize(13).allMatch(line -> line.length() <= 8192 + 9);
    }

    @Test
    void shouldKeepLinesOfManyDomainsApart() throws InterruptedException {
        ConsolePrinter printer = printer(false);
        var threads = new ArrayList<Thread>();
        for (int i = 0; i < 8; i++) {
            String name = "d" + i;
            threads.add(Thread.ofVirtual().start(() -> {
                ConsolePrinter.Lines lines = printer.lines(name);
                for (int n = 0; n < 200; n++) {
                    write(lines, name + " says " + n + "\n");
                }
            }));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(shown().lines()).hasSize(1600).allMatch(line -> line.matches("(d\\d) {5}\\| \\1 says \\d+"));
    }
}
