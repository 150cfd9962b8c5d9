// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.xenstored;

import static io.splitvisor.xenstore.XsMessageType.READ;
import static io.splitvisor.xenstore.XsMessageType.TRANSACTION_START;
import static io.splitvisor.xenstore.XsMessageType.WATCH;
import static io.splitvisor.xenstore.XsMessageType.WRITE;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.splitvisor.xenstore.Payloads;
import io.splitvisor.xenstore.SocketTransport;
import io.splitvisor.xenstore.Xenstore;
import io.splitvisor.xenstore.XenstoreConnection;
import io.splitvisor.xenstore.XsDecoder;
import io.splitvisor.xenstore.XsMessage;
import io.splitvisor.xenstore.XsMessageType;
import io.splitvisor.xenstore.XsWire;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Faulty and hostile programs on the Unix socket: each ends its own connection at most. */
@Timeout(60)
class SocketHardeningTest {
    @TempDir
    private Path folder;

    private Xenstored daemon;
    private Xenstore neighbour;

    @BeforeEach
    void start() {
        daemon = Xenstored.start(new KnownDomains());
        daemon.listen(folder.resolve("socket"));
        neighbour = new XenstoreConnection(SocketTransport.connect(folder.resolve("socket")));
        neighbour.write("/v", "value");
    }

    @AfterEach
    void shouldServeTheNeighbour() {
        assertThat(neighbour.read("/v")).isEqualTo("value");
        neighbour.close();
        daemon.close();
    }

    /** A program that sends what it likes. */
    private final class Program implements AutoCloseable {
        private final SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
        private final XsDecoder decoder = new XsDecoder();

        Program() throws IOException {
            channel.connect(UnixDomainSocketAddress.of(folder.resolve("socket")));
        }

        void send(byte[] bytes) throws IOException {
            ByteBuffer buffer = ByteBuffer.wrap(bytes);
            while (buffer.hasRemaining()) {
                channel.write(buffer);
            }
        }

        /** The next message; null at the end. */
        XsMessage receive() throws IOException {
            while (true) {
                int count = channel.read(ByteBuffer.wrap(decoder.target(), decoder.offset(), decoder.wanted()));
                if (count < 0) {
                    return null;
                }
                XsMessage message = decoder.advance(count);
                assertThat(decoder.broken()).isFalse();
                if (message != null) {
                    return message;
                }
            }
        }

        String ask(XsMessageType type, int transaction, byte[] payload) throws IOException {
            send(message(type, transaction, payload));
            for (XsMessage message = receive(); message != null; message = receive()) {
                if (!message.is(XsMessageType.WATCH_EVENT)) {
                    return TestClient.show(message);
                }
            }
            return null;
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }

    private static byte[] message(XsMessageType type, int transaction, byte[] payload) {
        return new XsMessage(type.code(), 7, transaction, payload).encode();
    }

    private static byte[] header(int length) {
        byte[] bytes = message(READ, 0, new byte[0]);
        for (int i = 0; i < 4; i++) {
            bytes[12 + i] = (byte) (length >>> (8 * i));
        }
        return bytes;
    }

    private static long descriptors() throws IOException {
        try (Stream<Path> links = Files.list(Path.of("/proc/self/fd"))) {
            return links.count();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {XsWire.PAYLOAD_MAX + 1, 1 << 20, Integer.MAX_VALUE, Integer.MIN_VALUE, -1})
    void x1_shouldHangUpOnAMessageThatIsTooLong(int length) throws IOException {
        try (Program program = new Program()) {
            assertThat(program.ask(WATCH, 0, Payloads.strings("/", "token"))).isEqualTo("OK|");
            String transaction = program.ask(TRANSACTION_START, 0, Payloads.strings(""));
            int id = Integer.parseInt(transaction.replace("|", ""));
            assertThat(program.ask(WRITE, id, Payloads.withValue("/lost", new byte[] {'1'})))
                    .isEqualTo("OK|");
            // What follows is neither read as a message nor answered.
            program.send(concat(header(length), message(READ, 0, Payloads.strings("/v"))));
            XsMessage last = program.receive();
            while (last != null && last.is(XsMessageType.WATCH_EVENT)) {
                last = program.receive();
            }
            assertThat(last).as("the end").isNull();
        }
        assertThat(neighbour.exists("/lost")).isFalse();
    }

    private static byte[] concat(byte[] first, byte[] second) {
        byte[] both = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, both, first.length, second.length);
        return both;
    }

    @Test
    void x1_shouldTakeAMessageOfTheGreatestLength() throws IOException {
        try (Program program = new Program()) {
            byte[] path = "/long\0".getBytes(US_ASCII);
            byte[] payload = Arrays.copyOf(path, XsWire.PAYLOAD_MAX);
            Arrays.fill(payload, path.length, payload.length, (byte) 'v');
            assertThat(program.ask(WRITE, 0, payload)).isEqualTo("OK|");
        }
        assertThat(neighbour.read("/long")).hasSize(XsWire.PAYLOAD_MAX - 6);
    }

    /** It is not read from either, until it reads: what waits for it is bounded. */
    @Test
    void x12_shouldNotServeAProgramThatReadsNoReplies() throws IOException {
        neighbour.write("/large", "v".repeat(3000));
        byte[] request = message(READ, 0, Payloads.strings("/large"));
        try (Program program = new Program()) {
            program.channel.configureBlocking(false);
            ByteBuffer requests = ByteBuffer.allocate(request.length * 1000);
            for (int i = 0; i < 1000; i++) {
                requests.put(request);
            }
            requests.flip();
            long[] sent = {0};
            int[] refused = {0};
            // The daemon has stopped reading when nothing more fits into the socket, again and again.
            await().atMost(Duration.ofSeconds(30))
                    .pollInSameThread()
                    .pollDelay(Duration.ZERO)
                    .pollInterval(Duration.ofMillis(5))
                    .until(() -> {
                        if (!requests.hasRemaining()) {
                            requests.rewind();
                        }
                        int count = program.channel.write(requests);
                        sent[0] += count;
                        refused[0] = count == 0 ? refused[0] + 1 : 0;
                        assertThat(neighbour.read("/v")).isEqualTo("value");
                        return refused[0] >= 20;
                    });
            long whole = sent[0] / request.length;
            assertThat(whole * 3000).as("bytes of replies, were it served").isGreaterThan(5_000_000L);
            program.channel.configureBlocking(true);
            for (long i = 0; i < whole; i++) {
                assertThat(program.receive().payload()).hasSize(3000);
            }
        }
    }

    @Test
    void x29_shouldWaitForTheRestOfAMessage() throws IOException {
        byte[] request = message(READ, 0, Payloads.strings("/v"));
        for (int cut = 1; cut < request.length; cut++) {
            try (Program program = new Program()) {
                program.send(Arrays.copyOf(request, cut));
                assertThat(neighbour.read("/v")).isEqualTo("value");
                program.send(Arrays.copyOfRange(request, cut, request.length));
                assertThat(program.receive().text()).isEqualTo("value");
            }
        }
    }

    @Test
    void x29_shouldServeAProgramThatTrickles() throws IOException {
        byte[] requests = concat(message(READ, 0, Payloads.strings("/v")), message(READ, 0, Payloads.strings("/none")));
        try (Program program = new Program()) {
            for (byte b : requests) {
                program.send(new byte[] {b});
            }
            assertThat(program.receive().text()).isEqualTo("value");
            assertThat(TestClient.show(program.receive())).isEqualTo("ENOENT");
        }
    }

    @Test
    void x29_shouldForgetWhoHangsUpInTheMiddle() throws IOException {
        Random random = new Random(29);
        long before = descriptors();
        for (int i = 0; i < 200; i++) {
            try (Program program = new Program()) {
                program.ask(WATCH, 0, Payloads.strings("/w", "token"));
                int id = Integer.parseInt(
                        program.ask(TRANSACTION_START, 0, Payloads.strings("")).replace("|", ""));
                program.ask(WRITE, id, Payloads.withValue("/lost", new byte[] {'1'}));
                byte[] request = message(WRITE, 0, Payloads.withValue("/half", new byte[100]));
                program.send(Arrays.copyOf(request, random.nextInt(request.length)));
            }
            neighbour.write("/w", "event for nobody " + i);
        }
        assertThat(neighbour.exists("/lost"))
                .as("written in transactions that were not committed")
                .isFalse();
        assertThat(neighbour.exists("/half")).isFalse();
        // A quota of open transactions, were they still open, would not let this begin.
        assertThat(neighbour.<Boolean>transaction(t -> {
                    t.write("/done", "yes");
                    return true;
                }))
                .isTrue();
        await().atMost(Duration.ofSeconds(10))
                .untilAsserted(() -> assertThat(descriptors()).isLessThanOrEqualTo(before));
    }
}
