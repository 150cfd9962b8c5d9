// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.attach;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import io.splitvisor.attach.AttachMessages;
import io.splitvisor.attach.AttachMessages.Welcome;
import io.splitvisor.attach.DomainLayout;
import io.splitvisor.host.Descriptors;
import io.splitvisor.host.Errno;
import io.splitvisor.host.EventFd;
import io.splitvisor.host.HostException;
import io.splitvisor.host.SharedMemory;
import io.splitvisor.host.UnixSocket;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AttachServerTest {
    private static final int ECONNRESET = 104;
    private static final Duration HELLO_TIME = Duration.ofMillis(300);

    private final MultiThreadIoEventLoopGroup group = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
    private final DomainLayout layout = new DomainLayout(4, 1, 1);
    private final SharedMemory ram = SharedMemory.create("splitvisor-test-ram", layout.totalBytes());
    private final SharedMemory pages = SharedMemory.createGuarded("splitvisor-test-monitor", 4096);
    private final EventFd toDom0 = EventFd.create();
    private final EventFd toGuest = EventFd.create();
    private final Life life = new Life();
    private Path socket;
    private AttachServer server;

    /** What the server tells about the guest. */
    private static final class Life implements Invitation.Guest {
        private final AtomicInteger attached = new AtomicInteger();
        private final AtomicInteger detached = new AtomicInteger();

        @Override
        public void attached() {
            attached.incrementAndGet();
        }

        @Override
        public void detached() {
            detached.incrementAndGet();
        }
    }

    @BeforeEach
    void start(@TempDir Path folder) {
        socket = folder.resolve("attach");
        server = new AttachServer(socket, group, HELLO_TIME);
    }

    @AfterEach
    void stop() {
        server.close();
        group.shutdownGracefully(0, 1, SECONDS).syncUninterruptibly();
        ram.close();
        pages.close();
        toDom0.close();
        toGuest.close();
    }

    private Invitation invitation(long pid) {
        Welcome welcome = new Welcome(0, 7, layout, 4096, 1, 2);
        return new Invitation(pid, welcome, List.of(ram.fd(), pages.fd(), toDom0.fd(), toGuest.fd()), life);
    }

    private String invited() {
        String token = server.newToken();
        server.invite(token, invitation(ProcessHandle.current().pid()));
        return token;
    }

    private UnixSocket connect() {
        return UnixSocket.connect(socket.toString());
    }

    private static byte[] hello(String token) {
        return AttachMessages.hello(HexFormat.of().parseHex(token));
    }

    private static Welcome welcome(UnixSocket connection) {
        return AttachMessages.decodeWelcome(connection.receive(AttachMessages.WELCOME_BYTES));
    }

    /** A descriptor, as the protocol passes it: along with one byte. */
    private static int descriptor(UnixSocket connection) {
        connection.receive(1);
        return connection.takeDescriptor();
    }

    private static void assertClosedByPeer(UnixSocket connection) {
        assertThatThrownBy(() -> connection.receive(1))
                .isInstanceOfSatisfying(
                        HostException.class, e -> assertThat(e.errno()).isIn(Errno.EPIPE, ECONNRESET));
    }

    private void assertRefused(byte[] hello, int errno) {
        try (UnixSocket connection = connect()) {
            connection.send(hello);
            assertThat(welcome(connection).status()).isEqualTo(errno);
            assertClosedByPeer(connection);
        }
        assertThat(life.attached).hasValue(0);
    }

    @Test
    void shouldPassTheRightDescriptorsInTheRightOrder() {
        ram.segment().set(ValueLayout.JAVA_INT, 100, 4711);
        pages.segment().set(ValueLayout.JAVA_INT, 8, 815);
        try (UnixSocket connection = connect()) {
            connection.send(hello(invited()));
            assertThat(welcome(connection)).isEqualTo(new Welcome(0, 7, layout, 4096, 1, 2));
            try (SharedMemory guestRam = SharedMemory.map(descriptor(connection), layout.totalBytes(), true);
                    SharedMemory guestPages = SharedMemory.map(descriptor(connection), 4096, false);
                    EventFd guestToDom0 = EventFd.of(descriptor(connection));
                    EventFd guestBell = EventFd.of(descriptor(connection))) {
                assertThat(guestRam.segment().get(ValueLayout.JAVA_INT, 100)).isEqualTo(4711);
                guestRam.segment().set(ValueLayout.JAVA_INT, 104, 1);
                assertThat(ram.segment().get(ValueLayout.JAVA_INT, 104)).isEqualTo(1);
                assertThat(guestPages.segment().get(ValueLayout.JAVA_INT, 8)).isEqualTo(815);
                assertThat(guestPages.segment().isReadOnly()).isTrue();
                guestToDom0.signal();
                assertThat(toDom0.drain()).isTrue();
                toGuest.signal();
                assertThat(guestBell.drain()).isTrue();
                assertThat(toDom0.drain()).isFalse();
            }
            await().atMost(10, SECONDS).until(() -> life.attached.get() == 1);
            assertThat(life.detached).hasValue(0);
        }
        await().atMost(10, SECONDS).until(() -> life.detached.get() == 1);
        assertThat(life.attached).hasValue(1);
    }

    @Test
    void shouldNotLetTheGuestMapTheMonitorsPagesWritable() {
        try (UnixSocket connection = connect()) {
            connection.send(hello(invited()));
            welcome(connection);
            Descriptors.close(descriptor(connection));
            int received = descriptor(connection);
            assertThatThrownBy(() -> SharedMemory.map(received, 4096, true)).isInstanceOf(HostException.class);
        }
    }

    @Test
    void shouldRefuseAWrongToken() {
        String token = invited();
        byte[] wrong = hello(token);
        wrong[AttachMessages.HELLO_BYTES - 1] ^= 1;
        assertRefused(wrong, Errno.EACCES);
        assertRefused(hello("00".repeat(32)), Errno.EACCES);
        // The right one is still good.
        try (UnixSocket connection = connect()) {
            connection.send(hello(token));
            assertThat(welcome(connection).status()).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 7, 8, 9, 11})
    void shouldRefuseAnotherVersionOrProtocol(int at) {
        byte[] hello = hello(invited());
        hello[at] ^= 0x40;
        assertRefused(hello, Errno.EINVAL);
    }

    @Test
    void shouldUseATokenOnce() {
        String token = invited();
        try (UnixSocket first = connect()) {
            first.send(hello(token));
            assertThat(welcome(first).status()).isZero();
            try (UnixSocket second = connect()) {
                second.send(hello(token));
                assertThat(welcome(second).status()).isEqualTo(Errno.EACCES);
                assertClosedByPeer(second);
            }
            assertThat(life.attached).hasValue(1);
            assertThat(life.detached).hasValue(0);
        }
    }

    @Test
    void shouldUseATokenOnceWhenManyTry() {
        String token = invited();
        List<UnixSocket> connections = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            connections.add(connect());
        }
        connections.forEach(connection -> connection.send(hello(token)));
        List<Integer> answers = connections.stream()
                .map(connection -> welcome(connection).status())
                .toList();
        assertThat(answers).filteredOn(status -> status == 0).hasSize(1);
        assertThat(answers).filteredOn(status -> status == Errno.EACCES).hasSize(19);
        connections.forEach(UnixSocket::close);
        await().atMost(10, SECONDS).until(() -> life.detached.get() == 1);
    }

    @Test
    void shouldRefuseAProcessThatIsNotTheGuestAndKeepTheTokenForIt() throws IOException {
        Process guest = new ProcessBuilder("sleep", "60").start();
        String token = server.newToken();
        try {
            server.invite(token, invitation(guest.pid()));
            assertRefused(hello(token), Errno.EACCES);
            assertRefused(hello(token), Errno.EACCES);
        } finally {
            guest.destroyForcibly();
        }
        assertThat(server.promise(token)).isNotNull();
    }

    @Test
    void shouldAcceptADescendantOfTheProcess() {
        ProcessHandle parent = ProcessHandle.current().parent().orElseThrow();
        String token = server.newToken();
        server.invite(token, invitation(parent.pid()));
        try (UnixSocket connection = connect()) {
            connection.send(hello(token));
            assertThat(welcome(connection).status()).isZero();
        }
    }

    @Test
    void shouldRefuseATokenThatWasRevoked() {
        String token = invited();
        server.revoke(token);
        server.revoke(token);
        assertRefused(hello(token), Errno.EACCES);
        // Too late for an invitation, too.
        server.invite(token, invitation(ProcessHandle.current().pid()));
        assertRefused(hello(token), Errno.EACCES);
    }

    @Test
    void shouldLetAGuestWaitThatIsQuickerThanItsInvitation() {
        String token = server.newToken();
        try (UnixSocket connection = connect()) {
            connection.send(hello(token));
            await().atMost(10, SECONDS).until(() -> server.promise(token).getNumberOfDependents() == 1);
            server.invite(token, invitation(ProcessHandle.current().pid()));
            assertThat(welcome(connection).status()).isZero();
        }
    }

    @Test
    void shouldBePatientWithAGuestWhoseDomainIsBeingMade() {
        String token = server.newToken();
        try (UnixSocket connection = connect();
                UnixSocket silent = connect()) {
            connection.send(hello(token));
            await().atMost(10, SECONDS).until(() -> server.promise(token).getNumberOfDependents() == 1);
            // Came later, and has run out of time.
            assertClosedByPeer(silent);
            server.invite(token, invitation(ProcessHandle.current().pid()));
            assertThat(welcome(connection).status()).isZero();
        }
    }

    @Test
    void shouldRefuseAGuestThatWaitsForAnInvitationThatIsRevoked() {
        String token = server.newToken();
        try (UnixSocket connection = connect()) {
            connection.send(hello(token));
            await().atMost(10, SECONDS).until(() -> server.promise(token).getNumberOfDependents() == 1);
            server.revoke(token);
            assertThat(welcome(connection).status()).isEqualTo(Errno.EACCES);
        }
    }

    @Test
    void shouldHangUpOnHalfAHello() {
        String token = invited();
        try (UnixSocket connection = connect()) {
            connection.send(Arrays.copyOf(hello(token), 20));
            assertClosedByPeer(connection);
        }
        try (UnixSocket connection = connect()) {
            assertClosedByPeer(connection);
        }
        assertThat(life.attached).hasValue(0);
        try (UnixSocket connection = connect()) {
            connection.send(hello(token));
            assertThat(welcome(connection).status()).isZero();
        }
    }

    @Test
    void shouldHangUpOnAHelloThatTricklesIn() {
        byte[] hello = hello(invited());
        long start = System.nanoTime();
        try (UnixSocket connection = connect()) {
            assertThatThrownBy(() -> {
                        // A byte in a third of the time for the whole: each comes in time, and the hello never does.
                        for (byte b : hello) {
                            connection.send(new byte[] {b});
                            long next = System.nanoTime() + HELLO_TIME.toNanos() / 3;
                            await().pollDelay(HELLO_TIME.dividedBy(3)).until(() -> System.nanoTime() >= next);
                        }
                    })
                    .isInstanceOf(HostException.class);
        }
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(3));
        assertThat(life.attached).hasValue(0);
    }

    @Test
    void shouldTakeAHelloInPieces() {
        byte[] hello = hello(invited());
        try (UnixSocket connection = connect()) {
            connection.send(Arrays.copyOfRange(hello, 0, 1));
            connection.send(Arrays.copyOfRange(hello, 1, 30));
            connection.send(Arrays.copyOfRange(hello, 30, hello.length));
            assertThat(welcome(connection).status()).isZero();
        }
    }

    @Test
    void shouldNotListenToAGuestThatTalksOn() {
        byte[] hello = hello(invited());
        byte[] tooLong = Arrays.copyOf(hello, hello.length + 4000);
        try (UnixSocket connection = connect()) {
            connection.send(tooLong);
            assertThat(welcome(connection).status()).isZero();
            for (int i = 0; i < 100; i++) {
                connection.send(new byte[10_000]);
            }
            for (int i = 0; i < 4; i++) {
                Descriptors.close(descriptor(connection));
            }
            assertThat(life.detached).hasValue(0);
        }
        await().atMost(10, SECONDS).until(() -> life.detached.get() == 1);
    }

    @Test
    void shouldServeAGuestWhileManyConnectionsSayNothing() {
        int before = openSockets();
        List<UnixSocket> silent = new ArrayList<>();
        for (int i = 0; i < AttachServer.MOST_WAITING + 50; i++) {
            silent.add(connect());
        }
        try (UnixSocket connection = connect()) {
            connection.send(hello(invited()));
            assertThat(welcome(connection).status()).isZero();
        }
        // The server gives its ends up by itself: the oldest because there are too many, the rest in time.
        await().atMost(10, SECONDS).until(() -> openSockets() <= before + silent.size());
        silent.forEach(AttachServerTest::assertClosedByPeer);
        silent.forEach(UnixSocket::close);
        await().atMost(10, SECONDS).until(() -> openSockets() <= before);
    }

    private static int openSockets() {
        try (Stream<Path> descriptors = Files.list(Path.of("/proc/self/fd"))) {
            return (int) descriptors.filter(AttachServerTest::isSocket).count();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static boolean isSocket(Path descriptor) {
        try {
            return Files.readSymbolicLink(descriptor).toString().startsWith("socket:");
        } catch (IOException e) {
            return false;
        }
    }

    @Test
    void shouldMakeTokensThatNobodyGuesses() {
        List<String> tokens = Stream.generate(server::newToken).limit(1000).toList();
        assertThat(tokens).doesNotHaveDuplicates().allMatch(token -> token.matches("[0-9a-f]{64}"));
    }

    @Test
    void shouldNotListenAnyMoreOnceItIsClosed() {
        server.close();
        assertThatThrownBy(this::connect).isInstanceOf(HostException.class);
    }
}
