// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.examples.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import io.splitvisor.dom0.config.ChannelConfig;
import io.splitvisor.dom0.config.DomainConfig;
import io.splitvisor.dom0.toolstack.ToolstackException;
import io.splitvisor.driver.backend.DeviceStatus;
import java.io.DataInputStream;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Consoles besides the first, with a guest in a process of its own: one for people, one that is a socket. */
@Timeout(60)
class ChannelsIT {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @TempDir
    private Path folder;

    private final Dom0Fixture dom0 = new Dom0Fixture();

    @AfterEach
    void stop() {
        dom0.close();
    }

    private Path socket() {
        return folder.resolve("the agent.sock");
    }

    private DomainConfig config() {
        return Dom0Fixture.jvm("channels", ChannelsGuest.class, List.of()).toBuilder()
                .channels(List.of(
                        new ChannelConfig("greeter", new ChannelConfig.Pty()),
                        new ChannelConfig(ChannelsGuest.AGENT, new ChannelConfig.Socket(socket()))))
                .build();
    }

    @Test
    void shouldGiveEachConsoleItsOwnBytes() {
        int domid = dom0.create(config());
        Dom0Fixture.Output first = dom0.console(domid);
        first.awaitText("channels {1=greeter, 2=" + ChannelsGuest.AGENT + "}");
        first.awaitText("GONE: this domain has no channel nobody");
        Dom0Fixture.Output second = dom0.console(domid, 1);
        second.awaitText("name? ");
        second.type("Ada");
        second.awaitText("hello, Ada");
        assertThat(first.text()).doesNotContain("Ada", "name?");
        assertThat(dom0.toolstack().devices().status(domid))
                .extracting(DeviceStatus::type)
                .containsExactly("console", "console");
        assertThat(catchThrowableOfType(
                        ToolstackException.class, () -> dom0.toolstack().console(domid, 2)))
                .as("a socket is nobody's terminal")
                .hasMessageContaining("there is no console 2, only [0, 1]");
    }

    @Test
    void shouldServeTheirTerminalsOnTheHost() throws IOException {
        assumeThat(Files.isWritable(Path.of("/dev/ptmx"))).as("/dev/ptmx").isTrue();
        int domid = dom0.create(config());
        dom0.console(domid, 1).awaitText("name? ");
        Dom0Fixture.Output first = dom0.console(domid);
        Matcher told =
                Pattern.compile("terminals (/dev/pts/\\d+) (/dev/pts/\\d+)\\.").matcher("");
        await().atMost(PATIENCE).until(() -> told.reset(first.text()).find());
        String tty = told.group(2);
        assertThat(tty).isNotEqualTo(told.group(1));
        try (FileOutputStream keyboard = new FileOutputStream(tty);
                FileInputStream screen = new FileInputStream(tty)) {
            keyboard.write("Grace\n".getBytes(StandardCharsets.US_ASCII));
            StringBuilder shown = new StringBuilder();
            while (shown.indexOf("hello, Grace") < 0) {
                shown.append((char) screen.read());
            }
        }
        dom0.toolstack().destroy(domid);
        assertThat(Path.of(tty)).doesNotExist();
    }

    /** More than all buffers on the way hold, from a client that does not read while it writes; then the next client. */
    @Test
    void shouldServeASocketsClientsOneAfterTheOther() throws IOException {
        int domid = dom0.create(config());
        for (int seed = 1; seed <= 3; seed++) {
            byte[] bytes = new byte[200_000];
            new Random(seed).nextBytes(bytes);
            try (SocketChannel client = SocketChannel.open(UnixDomainSocketAddress.of(socket()))) {
                Thread.ofVirtual().start(() -> write(client, bytes));
                byte[] turned = new byte[bytes.length];
                new DataInputStream(Channels.newInputStream(client)).readFully(turned);
                for (int i = 0; i < turned.length; i++) {
                    turned[i] = (byte) ~turned[i];
                }
                assertThat(turned).isEqualTo(bytes);
            }
        }
        dom0.toolstack().destroy(domid);
        await().atMost(PATIENCE).until(() -> Files.notExists(socket()));
    }

    private static void write(SocketChannel client, byte[] bytes) {
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        try {
            while (buffer.hasRemaining()) {
                client.write(buffer);
            }
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void shouldMakeNoDomainWhoseSocketCannotBe() throws IOException {
        Files.writeString(socket(), "somebody's file");
        assertThat(catchThrowableOfType(ToolstackException.class, () -> dom0.create(config())))
                .hasMessageStartingWith("channel " + ChannelsGuest.AGENT + ": cannot listen on " + socket());
        assertThat(socket()).hasContent("somebody's file");
        assertThat(dom0.toolstack().list()).hasSize(1);
    }
}
