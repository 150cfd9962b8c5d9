// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.xenstored;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.xenstore.Payloads;
import io.splitvisor.xenstore.SocketTransport;
import io.splitvisor.xenstore.Xenstore;
import io.splitvisor.xenstore.XenstoreConnection;
import io.splitvisor.xenstore.XsMessage;
import io.splitvisor.xenstore.XsMessageType;
import io.splitvisor.xenstore.XsWire;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Bytes that nobody means well with, over the ring and the socket: a neighbour is served as before, the store is sound, and
 * when the domain is gone nothing is left of it. {@code XenstoredFuzz} searches further.
 */
class XenstoredFuzzTest {
    private static final String[] WORDS = {
        "/",
        "a",
        "a/b",
        "/local/domain/1",
        "/local/domain/1/a",
        "/local/domain/",
        "//",
        "",
        "@releaseDomain",
        "@introduceDomain",
        "@releaseDomain/1",
        "n0",
        "n1",
        "b1",
        "r2",
        "w32757",
        "T",
        "F",
        "0",
        "1",
        "-1",
        "4294967295",
        "99999999999999999999",
        "nodes",
        "token",
        "\u00ff\u00fe",
        "/tool/xenstored"
    };

    private static byte[] message(Random random) {
        int type = random.nextInt(8) == 0 ? random.nextInt() : random.nextInt(28);
        int transaction = random.nextInt(3) == 0 ? random.nextInt(12) : 0;
        byte[] payload;
        if (random.nextInt(10) == 0) {
            payload = new byte[random.nextInt(200)];
            random.nextBytes(payload);
        } else {
            String[] words = new String[random.nextInt(4)];
            for (int i = 0; i < words.length; i++) {
                words[i] = WORDS[random.nextInt(WORDS.length)];
            }
            payload = Payloads.strings(words);
        }
        byte[] bytes = new XsMessage(type, random.nextInt(), transaction, payload).encode();
        if (random.nextInt(20) == 0) {
            bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
        }
        return bytes;
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void shouldSurviveMutatedMessagesOnTheRing(long seed) {
        Random random = new Random(seed);
        FuzzWorld world = new FuzzWorld();
        for (int round = 0; round < 60; round++) {
            for (int i = 0; i < 50; i++) {
                int unused = world.guest().sendRaw(message(random));
                if (random.nextInt(4) != 0 && world.guest().word(XsWire.ERROR) == XsWire.ERROR_NONE) {
                    world.guest().receive();
                }
                world.bench().pass(random.nextInt(20));
            }
            world.verify();
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {11, 12, 13, 14})
    void shouldSurviveARandomPage(long seed) {
        Random random = new Random(seed);
        FuzzWorld world = new FuzzWorld();
        byte[] page = new byte[4096];
        for (int round = 0; round < 100; round++) {
            for (int i = 0; i < 10; i++) {
                random.nextBytes(page);
                int from = random.nextInt(3) == 0 ? 0 : random.nextInt(XsWire.EVTCHN_PORT);
                int length = random.nextInt(page.length - from);
                MemorySegment.copy(
                        MemorySegment.ofArray(page), from, world.guest().page(), from, length);
                if (random.nextBoolean()) {
                    world.guest()
                            .setWord(
                                    XsWire.REQ_PROD,
                                    world.guest().word(XsWire.REQ_CONS) + random.nextInt(XsWire.RING_SIZE + 1));
                    world.guest().setWord(XsWire.RSP_CONS, world.guest().word(XsWire.RSP_PROD));
                }
                world.guest().signal();
            }
            world.verify();
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {21, 22, 23, 24})
    void shouldSurvivePrivilegedNonsense(long seed) {
        Random random = new Random(seed);
        FuzzWorld world = new FuzzWorld();
        for (int i = 0; i < 5000; i++) {
            byte[] payload = new byte[0];
            XsMessageType type = XsMessageType.values()[random.nextInt(XsMessageType.values().length)];
            if (random.nextInt(5) != 0) {
                String[] words = new String[random.nextInt(4)];
                for (int w = 0; w < words.length; w++) {
                    words[w] = WORDS[random.nextInt(WORDS.length)];
                }
                payload = Payloads.strings(words);
            }
            XsMessage reply = world.dom0().send(type, random.nextInt(4), payload);
            assertThat(TestClient.show(reply)).isNotEqualTo("EIO");
            world.dom0().events();
        }
        assertThat(world.bench().core().tree().check()).isEmpty();
    }

    @Test
    void shouldSurviveRandomBytesOnTheSocket(@TempDir Path folder) throws IOException {
        Path socket = folder.resolve("socket");
        Random random = new Random(31);
        try (Xenstored daemon = Xenstored.start(new KnownDomains(1, 2))) {
            daemon.listen(socket);
            try (Xenstore tool = new XenstoreConnection(SocketTransport.connect(socket))) {
                for (int round = 0; round < 60; round++) {
                    try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
                        attack(channel, random);
                    }
                    tool.write("/fine", Integer.toString(round));
                    assertThat(tool.read("/fine")).isEqualTo(Integer.toString(round));
                }
                assertThat(tool.request(XsMessageType.CONTROL, Payloads.strings("check")))
                        .isEqualTo(Payloads.strings("OK"));
            }
        }
    }

    private static void attack(SocketChannel channel, Random random) {
        try {
            for (int i = 0; i < 50; i++) {
                byte[] bytes = message(random);
                if (random.nextInt(50) == 0) {
                    random.nextBytes(bytes);
                }
                ByteBuffer buffer =
                        ByteBuffer.wrap(bytes, 0, random.nextInt(20) == 0 ? bytes.length / 2 : bytes.length);
                while (buffer.hasRemaining()) {
                    int unused = channel.write(buffer);
                }
            }
        } catch (IOException e) {
            // It hung up on us, as it should when a length is impossible.
            assertThat(e).isNotNull();
        }
    }
}
