// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.splitvisor.dom0.store.FakeNbdServer.Request;
import io.splitvisor.host.Errno;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A server that goes away and comes back. */
class NbdReconnectTest {
    private static final int BLOCK = 4096;
    private static final NbdPatience PATIENT =
            new NbdPatience(Duration.ofMillis(1), Duration.ofMillis(20), Duration.ofSeconds(60), 8);
    private static final NbdPatience IMPATIENT =
            new NbdPatience(Duration.ofMillis(1), Duration.ofMillis(5), Duration.ofMillis(100), 8);

    private Arena arena;
    private FakeNbdServer server;
    private BlockStore store;

    @BeforeEach
    void start() {
        arena = Arena.ofShared();
    }

    @AfterEach
    void stop() throws IOException {
        if (store != null) {
            store.close();
        }
        if (server != null) {
            server.close();
        }
        arena.close();
    }

    private void open(NbdPatience patience, FakeNbdServer.Script... scripts) throws IOException {
        server = new FakeNbdServer(scripts);
        store = NbdStore.connect(NbdAddress.parse(server.url()), StoreOptions.readWrite(), patience);
    }

    private TestRequest submit(TestRequest request) {
        assertThat(store.submit(request)).isEqualTo(BlockStore.PENDING);
        store.push();
        return request;
    }

    private TestRequest write(int block, int value) {
        TestRequest request = new TestRequest(arena, BLOCK);
        request.memory().fill((byte) value);
        return request.prepare(true, (long) block * BLOCK, BLOCK, 1024);
    }

    private TestRequest read(int block) {
        return new TestRequest(arena, BLOCK).prepare(false, (long) block * BLOCK, BLOCK, 1024);
    }

    private TestRequest flush() {
        return new TestRequest(arena, BLOCK).flushing();
    }

    private static void assertFilled(Request request, int value) throws IOException {
        byte[] expected = new byte[BLOCK];
        Arrays.fill(expected, (byte) value);
        if (!Arrays.equals(request.data(), expected)) {
            throw new IOException("other data than was written");
        }
    }

    @Test
    void shouldSendAgainInOrderWhatWasNotAnswered() throws IOException {
        open(
                PATIENT,
                wire -> {
                    wire.negotiate();
                    for (int i = 0; i < 3; i++) {
                        wire.request();
                    }
                },
                wire -> {
                    wire.negotiate();
                    Request write = wire.expect(FakeNbdServer.WRITE, 5 * BLOCK);
                    assertFilled(write, 1);
                    Request read = wire.expect(FakeNbdServer.READ, 6 * BLOCK);
                    Request second = wire.expect(FakeNbdServer.WRITE, 5 * BLOCK);
                    assertFilled(second, 2);
                    wire.succeed(second);
                    wire.answer(read.cookie(), 0, filled(9));
                    wire.succeed(write);
                    wire.linger();
                });
        TestRequest first = submit(write(5, 1));
        TestRequest read = submit(read(6));
        TestRequest second = submit(write(5, 2));
        for (TestRequest request : List.of(first, read, second)) {
            assertThat(request.await()).isZero();
            assertThat(request.completions()).isEqualTo(1);
        }
        assertThat(read.bytes(BLOCK)).containsOnly(9);
    }

    private static byte[] filled(int value) {
        byte[] bytes = new byte[BLOCK];
        Arrays.fill(bytes, (byte) value);
        return bytes;
    }

    @Test
    void shouldReadAgainWhatCameOnlyInPart() throws IOException {
        open(
                PATIENT,
                wire -> {
                    wire.negotiate();
                    Request read = wire.request();
                    wire.answer(read.cookie(), 0, new byte[BLOCK / 2]);
                },
                wire -> {
                    wire.negotiate();
                    wire.answer(wire.expect(FakeNbdServer.READ, 0).cookie(), 0, filled(7));
                    wire.linger();
                });
        TestRequest read = submit(read(0));
        assertThat(read.await()).isZero();
        assertThat(read.bytes(BLOCK)).containsOnly(7);
    }

    /** The server may have lost them; the guest was told that they are written, and may have other things in its pages now. */
    @Test
    void shouldWriteAgainWhatWasAnsweredButNotFlushed() throws IOException {
        open(
                PATIENT,
                wire -> {
                    wire.negotiate();
                    wire.succeed(wire.expect(FakeNbdServer.WRITE, 0));
                    wire.succeed(wire.request());
                    wire.succeed(wire.expect(FakeNbdServer.WRITE, BLOCK));
                    wire.succeed(wire.expect(FakeNbdServer.WRITE, 2 * BLOCK));
                    wire.request();
                },
                wire -> {
                    wire.negotiate();
                    // Block 0 was flushed. The other two come first, one after the other, whatever else is to be sent.
                    Request replayed = wire.expect(FakeNbdServer.WRITE, BLOCK);
                    assertFilled(replayed, 2);
                    wire.succeed(replayed);
                    replayed = wire.expect(FakeNbdServer.WRITE, 2 * BLOCK);
                    assertFilled(replayed, 3);
                    wire.succeed(replayed);
                    wire.succeed(wire.expect(FakeNbdServer.FLUSH, 0));
                    wire.request();
                },
                wire -> {
                    wire.negotiate();
                    // That flush covered them.
                    wire.succeed(wire.expect(FakeNbdServer.READ, 8 * BLOCK));
                    wire.linger();
                });
        assertThat(write(0, 1).run(store)).isZero();
        assertThat(flush().run(store)).isZero();
        for (int block = 1; block <= 2; block++) {
            TestRequest write = write(block, block + 1);
            assertThat(write.run(store)).isZero();
            write.memory().fill((byte) 99);
        }
        assertThat(flush().run(store)).isZero();
        assertThat(read(8).run(store)).isZero();
    }

    @Test
    void shouldNotFlushWhatItCannotVouchFor() throws IOException {
        int blocks = NbdJournal.BYTES / BLOCK + 1;
        open(
                PATIENT,
                wire -> {
                    wire.negotiate(2L * NbdJournal.BYTES);
                    for (int i = 0; i < blocks; i++) {
                        wire.succeed(wire.request());
                    }
                },
                wire -> {
                    wire.negotiate(2L * NbdJournal.BYTES);
                    while (true) {
                        Request request = wire.request();
                        wire.succeed(request);
                    }
                });
        TestRequest write = write(0, 1);
        for (int i = 0; i < blocks; i++) {
            assertThat(write.prepare(true, (long) i * BLOCK, BLOCK, BLOCK).run(store))
                    .isZero();
        }
        assertThat(read(0).run(store)).isZero();
        assertThat(flush().run(store)).isEqualTo(-Errno.EIO);
        assertThat(write(0, 1).run(store)).isZero();
        assertThat(flush().run(store)).as("for good").isEqualTo(-Errno.EIO);
    }

    @Test
    void shouldTakeAShutdownAsTheEndOfTheConnection() throws IOException {
        open(
                PATIENT,
                wire -> {
                    wire.negotiate();
                    wire.answer(wire.request().cookie(), NbdProtocol.ERROR_SHUTDOWN, new byte[0]);
                    wire.linger();
                },
                wire -> {
                    wire.negotiate();
                    wire.succeed(wire.request());
                    wire.linger();
                });
        assertThat(write(0, 1).run(store)).isZero();
    }

    @Test
    void shouldFailInBoundedTimeAndRecoverWhenTheServerIsBack() throws IOException {
        open(IMPATIENT, wire -> {
            wire.negotiate();
            wire.request();
        });
        assertThat(read(0).run(store)).isEqualTo(-Errno.EIO);
        assertThat(read(0).run(store)).as("at once").isEqualTo(-Errno.EIO);
        int attempts = server.turnedAway();
        await().alias("attempts go on").until(() -> server.turnedAway() > attempts + 2);
        server.then(wire -> {
            wire.negotiate();
            while (true) {
                wire.succeed(wire.request());
            }
        });
        await().until(() -> read(0).run(store) == 0);
        assertThat(flush().run(store)).isZero();
    }

    @Test
    void shouldNotTakeAnotherDiskForTheSame() throws IOException {
        FakeNbdServer.Script other = wire -> {
            wire.negotiate(FakeNbdServer.SIZE * 2);
            wire.succeed(wire.request());
        };
        open(
                IMPATIENT,
                wire -> {
                    wire.negotiate();
                    wire.request();
                },
                other,
                other,
                other);
        assertThat(read(0).run(store)).isEqualTo(-Errno.EIO);
    }

    /** Connecting is not enough: what does not get answered fails, and others go on. */
    @Test
    void shouldGiveUpARequestThatNoServerSurvives() throws IOException {
        NbdPatience threeTimes = new NbdPatience(Duration.ofMillis(1), Duration.ofMillis(5), Duration.ofSeconds(60), 3);
        AtomicInteger connections = new AtomicInteger();
        FakeNbdServer.Script killed = wire -> {
            connections.incrementAndGet();
            wire.negotiate();
            wire.expect(FakeNbdServer.WRITE, 0);
        };
        open(threeTimes, killed, killed, killed, killed, wire -> {
            wire.negotiate();
            wire.succeed(wire.expect(FakeNbdServer.READ, BLOCK));
            wire.linger();
        });
        assertThat(write(0, 1).run(store)).isEqualTo(-Errno.EIO);
        assertThat(connections.get()).isEqualTo(4);
        assertThat(read(1).run(store)).isZero();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldCloseWhileItIsConnecting(boolean hangs) throws IOException {
        open(PATIENT, wire -> {
            wire.negotiate();
            wire.request();
        });
        if (hangs) {
            server.then(FakeNbdServer.Wire::linger);
        }
        TestRequest read = submit(read(0));
        await().until(() -> hangs || server.turnedAway() > 1);
        store.close();
        assertThat(read.await()).isEqualTo(-Errno.EIO);
        assertThat(store.submit(read(0))).isEqualTo(-Errno.EIO);
    }

    @Test
    void shouldSendAgainMoreThanOneSystemCallTakes() throws IOException {
        int count = 200;
        open(
                PATIENT,
                wire -> {
                    wire.negotiate();
                    for (int i = 0; i < count; i++) {
                        wire.request();
                    }
                },
                wire -> {
                    wire.negotiate();
                    for (int i = 0; i < count; i++) {
                        Request request = wire.expect(FakeNbdServer.WRITE, (long) i * BLOCK);
                        assertFilled(request, i);
                        wire.succeed(request);
                    }
                    wire.linger();
                });
        List<TestRequest> requests = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            requests.add(submit(write(i, i)));
        }
        for (TestRequest request : requests) {
            assertThat(request.await()).isZero();
            assertThat(request.completions()).isEqualTo(1);
        }
    }
}
