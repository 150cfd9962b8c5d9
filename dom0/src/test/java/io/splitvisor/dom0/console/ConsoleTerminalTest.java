// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.console;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.ArgumentMatchers.anyInt;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.verify;
import static org.mockito.Mockito.verifyNoMoreInteractions;
import static org.mockito.Mockito.when;

import io.splitvisor.driver.backend.ByteLine;
import io.splitvisor.host.PseudoTerminal;
import io.splitvisor.xenbus.ControlThread;
import java.io.ByteArrayOutputStream;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class ConsoleTerminalTest {
    private final ConsoleTerminals terminals = new ConsoleTerminals();
    private final ControlThread timer = mock();
    private final ConsoleDevice console = new ConsoleDevice(timer);
    private final ByteLine line = mock();
    private final ByteArrayOutputStream toGuest = new ByteArrayOutputStream();
    private ConsoleTerminal terminal;

    @BeforeEach
    void open() {
        assumeThat(Files.isWritable(Path.of("/dev/ptmx"))).as("/dev/ptmx").isTrue();
        when(line.write(any(), anyInt(), anyInt())).thenAnswer(call -> {
            toGuest.write(call.getArgument(0), call.getArgument(1), call.<Integer>getArgument(2));
            return call.getArgument(2);
        });
        console.inject("before\n".getBytes(US_ASCII), 7);
        terminal = terminals.open(console);
    }

    @AfterEach
    void close() {
        if (terminal != null) {
            terminal.close();
        }
        terminals.close();
    }

    private void print(String text) {
        console.inject(text.getBytes(US_ASCII), text.length());
    }

    @Test
    void shouldShowWhatTheGuestWritesFromNowOn() throws IOException {
        print("hello\n");
        try (FileInputStream reader = new FileInputStream(terminal.path())) {
            assertThat(new String(reader.readNBytes(6), US_ASCII)).isEqualTo("hello\n");
        }
    }

    @Test
    void shouldTypeWhatIsWrittenToIt() throws IOException {
        try (FileOutputStream keyboard = new FileOutputStream(terminal.path())) {
            keyboard.write("ls\r".getBytes(US_ASCII));
        }
        await().untilAsserted(() -> {
            console.ready(line);
            assertThat(toGuest.toString(US_ASCII)).isEqualTo("ls\r");
        });
    }

    @Test
    void c6_shouldCountWhatAReaderThatHasStoppedDoesNotGet() {
        byte[] chunk = new byte[2048];
        Arrays.fill(chunk, (byte) 'x');
        for (int i = 0; i < 1000; i++) {
            console.inject(chunk, chunk.length);
        }
        assertThat(terminal.dropped()).isBetween(1L, 1000L * chunk.length);
        assertThat(console.history()).as("what is kept").hasSize(ConsoleDevice.HISTORY_BYTES);
    }

    @Test
    void shouldGiveUpATerminalThatCannotBeRead() {
        ConsoleTerminals all = mock();
        PseudoTerminal host = new PseudoTerminal();
        ConsoleTerminal broken = new ConsoleTerminal(all, console, host);
        host.close();
        broken.readable();
        verify(all).forget(broken);
        broken.readable();
        verifyNoMoreInteractions(all);
    }

    @Test
    void shouldGoWithoutTheConsole() throws IOException {
        try (FileInputStream reader = new FileInputStream(terminal.path())) {
            terminal.close();
            print("unheard");
            try {
                assertThat(reader.read()).isEqualTo(-1);
            } catch (IOException e) {
                assertThat(e).hasMessageContaining("Input/output error");
            }
        }
        assertThat(new String(console.history(), US_ASCII)).isEqualTo("before\nunheard");
    }
}
