// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.host;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

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

@Timeout(20)
class PseudoTerminalTest {
    private PseudoTerminal terminal;

    @BeforeEach
    void open() {
        assumeThat(Files.isWritable(Path.of("/dev/ptmx"))).as("/dev/ptmx").isTrue();
        terminal = new PseudoTerminal();
    }

    @AfterEach
    void close() {
        if (terminal != null) {
            terminal.close();
        }
    }

    private int write(String text) {
        return terminal.write(text.getBytes(US_ASCII), 0, text.length());
    }

    @Test
    void shouldCarryBytesAsTheyAre() throws IOException {
        String ends = "a\r\nb\n\u0003\u0004c";
        assertThat(write(ends)).isEqualTo(ends.length());
        try (FileInputStream reader = new FileInputStream(terminal.path())) {
            assertThat(new String(reader.readNBytes(ends.length()), US_ASCII)).isEqualTo(ends);
        }
        byte[] typed = new byte[100];
        assertThat(terminal.read(typed, 0, typed.length)).as("no echo").isZero();
        try (FileOutputStream writer = new FileOutputStream(terminal.path());
                Poller poller = new Poller()) {
            poller.add(terminal.fd(), 5);
            writer.write(ends.getBytes(US_ASCII));
            assertThat(poller.await(-1)).isEqualTo(1);
        }
        assertThat(terminal.read(typed, 1, 99)).isEqualTo(ends.length());
        assertThat(new String(typed, 1, ends.length(), US_ASCII)).isEqualTo(ends);
    }

    @Test
    void shouldSurviveThatReadersComeAndGo() throws IOException {
        for (int i = 0; i < 3; i++) {
            try (FileInputStream reader = new FileInputStream(terminal.path())) {
                assertThat(write("x")).isOne();
                assertThat(reader.read()).isEqualTo('x');
            }
            assertThat(terminal.read(new byte[1], 0, 1)).isZero();
        }
    }

    @Test
    void c6_shouldTakeOnlyWhatThereIsRoomForWhenNobodyReads() {
        byte[] much = new byte[1 << 20];
        Arrays.fill(much, (byte) 'x');
        int taken = terminal.write(much, 0, much.length);
        assertThat(taken).isBetween(1, much.length - 1);
        assertThat(terminal.write(much, 0, much.length)).isLessThan(taken);
    }

    @Test
    void shouldEndForWhoHasItOpenWhenItIsClosed() throws IOException {
        try (FileInputStream reader = new FileInputStream(terminal.path())) {
            terminal.close();
            terminal.close();
            // The end of the file, or EIO: the kernel's choice.
            try {
                assertThat(reader.read()).isEqualTo(-1);
            } catch (IOException e) {
                assertThat(e).hasMessageContaining("Input/output error");
            }
        }
        assertThat(terminal.fd()).isEqualTo(-1);
        assertThatThrownBy(() -> terminal.read(new byte[1], 0, 1)).isInstanceOf(HostException.class);
        assertThatThrownBy(() -> write("x")).isInstanceOf(HostException.class);
    }

    @Test
    void shouldLeaveNoDescriptorBehind() throws IOException {
        long before = descriptors();
        for (int i = 0; i < 10; i++) {
            new PseudoTerminal().close();
        }
        assertThat(descriptors()).isEqualTo(before);
    }

    private static long descriptors() throws IOException {
        try (var all = Files.list(Path.of("/proc/self/fd"))) {
            return all.filter(fd -> {
                        try {
                            return Files.readSymbolicLink(fd).toString().startsWith("/dev/pt");
                        } catch (IOException _) {
                            return false;
                        }
                    })
                    .count();
        }
    }
}
