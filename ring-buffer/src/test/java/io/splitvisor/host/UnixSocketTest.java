// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UnixSocketTest {
    @TempDir
    private Path folder;

    private UnixListener listener;
    private UnixSocket client;
    private UnixSocket server;

    @BeforeEach
    void connect() {
        listener = new UnixListener(folder.resolve("s"));
        client = UnixSocket.connect(folder.resolve("s").toString());
        server = listener.accept();
    }

    @AfterEach
    void close() {
        client.close();
        server.close();
        listener.close();
    }

    /** Sockets and eventfds: other tests' processes had pipes, which the JVM closes when it comes to it. */
    private static long openDescriptors() throws IOException {
        try (Stream<Path> all = Files.list(Path.of("/proc/self/fd"))) {
            return all.filter(UnixSocketTest::isSocketOrEvent).count();
        }
    }

    private static boolean isSocketOrEvent(Path descriptor) {
        try {
            String target = Files.readSymbolicLink(descriptor).toString();
            return target.startsWith("socket:") || target.equals("anon_inode:[eventfd]");
        } catch (IOException e) {
            return false; // the listing's own, which is closed by now
        }
    }

    @Test
    void shouldReceiveExactlyWhatWasAskedFor() {
        client.send("hello, world".getBytes(StandardCharsets.US_ASCII));
        assertThat(server.receive(5)).asString().isEqualTo("hello");
        assertThat(server.receive(0)).isEmpty();
        assertThat(server.receive(7)).asString().isEqualTo(", world");
    }

    @Test
    void shouldCarryMoreThanAnyBufferHolds() throws Exception {
        byte[] much = new byte[3_000_001];
        new Random(1).nextBytes(much);
        CompletableFuture<byte[]> received = CompletableFuture.supplyAsync(() -> server.receive(much.length));
        client.send(much);
        assertThat(received.get(60, TimeUnit.SECONDS)).isEqualTo(much);
    }

    @Test
    void shouldPassADescriptor() {
        try (SharedMemory mine = SharedMemory.create("test", SharedMemory.PAGE_SIZE);
                EventFd bell = EventFd.create()) {
            client.send(new byte[] {1}, mine.fd());
            client.send(new byte[] {2, 3, 4}, bell.fd());
            assertThat(server.receive(1)).containsExactly(1);
            try (SharedMemory theirs = SharedMemory.map(server.takeDescriptor(), SharedMemory.PAGE_SIZE, true)) {
                assertThat(theirs.fd()).isNotEqualTo(mine.fd());
                theirs.segment().set(ValueLayout.JAVA_INT, 0, 99);
                assertThat(mine.segment().get(ValueLayout.JAVA_INT, 0)).isEqualTo(99);
            }
            assertThat(server.receive(3)).containsExactly(2, 3, 4);
            try (EventFd theirs = EventFd.of(server.takeDescriptor())) {
                theirs.signal();
                assertThat(bell.drain()).isTrue();
            }
        }
    }

    @Test
    void shouldSayThatNoDescriptorCame() {
        client.send(new byte[] {1});
        server.receive(1);
        assertThatExceptionOfType(HostException.class)
                .isThrownBy(server::takeDescriptor)
                .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.EBADF));
    }

    @Test
    void shouldCloseDescriptorsThatNobodyTook() throws IOException {
        try (EventFd event = EventFd.create()) {
            long before = openDescriptors();
            client.send(new byte[] {1}, event.fd());
            client.send(new byte[] {2}, event.fd());
            server.receive(2);
            assertThat(openDescriptors())
                    .as("the second one replaced the first")
                    .isEqualTo(before + 1);
            server.close();
            assertThat(openDescriptors())
                    .as("neither descriptor nor connection")
                    .isEqualTo(before - 1);
            server.close();
        }
    }

    @Test
    void shouldNotLeakTheDescriptorsOfAGenerousSender() throws IOException {
        String script = """
                import array, os, socket, sys
                s = socket.socket(socket.AF_UNIX)
                s.connect(sys.argv[1])
                three = [os.open('/dev/null', os.O_RDONLY) for _ in range(3)]
                s.sendmsg([b'x'], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', three))])
                """;
        TestCommands.assumeRuns("python3", "-c", script, folder.resolve("s").toString());
        try (UnixSocket generous = listener.accept()) {
            long before = nullDevices();
            assertThat(generous.receive(1)).containsExactly('x');
            assertThat(nullDevices()).isEqualTo(before + 1);
            Descriptors.close(generous.takeDescriptor());
            assertThat(nullDevices()).isEqualTo(before);
        }
    }

    /** Only what the sender passed: the JVM closes the pipes to the sender's process whenever it likes. */
    private static long nullDevices() throws IOException {
        try (Stream<Path> links = Files.list(Path.of("/proc/self/fd"))) {
            return links.filter(UnixSocketTest::isNullDevice).count();
        }
    }

    private static boolean isNullDevice(Path link) {
        try {
            return Files.readSymbolicLink(link).toString().equals("/dev/null");
        } catch (IOException e) {
            // Closed between the listing and the look.
            return false;
        }
    }

    @Test
    void shouldReportTheEndOfTheConnection() {
        client.send(new byte[] {1});
        client.close();
        assertThatExceptionOfType(HostException.class)
                .isThrownBy(() -> server.receive(2))
                .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.EPIPE));
        assertThatExceptionOfType(HostException.class)
                .isThrownBy(() -> server.send(new byte[] {1}))
                .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.EPIPE));
        try (Poll poll = new Poll(server.fd())) {
            assertThat(poll.await(0)).as("readable: the end").isOne();
        }
    }

    @Test
    void shouldReportThatNobodyListens() {
        listener.close();
        assertThatExceptionOfType(HostException.class)
                .isThrownBy(() -> UnixSocket.connect(folder.resolve("s").toString()))
                .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.ENOENT));
    }

    @Test
    void shouldTakeAPathOfTheLongestLengthAndRefuseOneMore() {
        String longest = folder + "/" + "x".repeat(106 - folder.toString().length());
        assertThat(longest).hasSize(107);
        try (UnixListener far = new UnixListener(Path.of(longest));
                UnixSocket near = UnixSocket.connect(longest);
                UnixSocket accepted = far.accept()) {
            near.send(new byte[] {7});
            assertThat(accepted.receive(1)).containsExactly(7);
        }
        assertThatExceptionOfType(HostException.class)
                .isThrownBy(() -> UnixSocket.connect(longest + "y"))
                .withMessageContaining("107");
        assertThatExceptionOfType(HostException.class).isThrownBy(() -> new UnixListener(Path.of(longest + "y")));
    }

    @Test
    void shouldFailAfterClose() {
        client.close();
        client.close();
        assertThat(client.fd()).isEqualTo(-1);
        assertThatExceptionOfType(HostException.class)
                .isThrownBy(() -> client.send(new byte[] {1}))
                .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.EBADF));
        assertThatExceptionOfType(IllegalStateException.class).isThrownBy(() -> client.receive(1));
    }
}
