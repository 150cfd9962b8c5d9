// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.splitvisor.host.Errno;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** An NBD client with servers of all kinds. */
class NbdStoreTest {
    private static final NbdPatience IMPATIENT =
            new NbdPatience(Duration.ofMillis(1), Duration.ofMillis(10), Duration.ofMillis(50), 3);

    @ParameterizedTest
    @CsvSource({
        "nbd:unix:/run/a b,Unix,/run/a b,",
        "nbd:unix:/run/x.sock:exportname=disk:1,Unix,/run/x.sock,disk:1",
        "nbd+unix:///exp?socket=/run/x%20y,Unix,/run/x y,exp",
        "nbd+unix://?socket=/run/x,Unix,/run/x,",
        "nbd://host,Tcp,host:10809,",
        "nbd://host:7/,Tcp,host:7,",
        "nbd://[::1]:7/a/b,Tcp,::1:7,a/b",
    })
    void shouldUnderstandAddresses(String text, String kind, String where, String export) {
        NbdAddress address = NbdAddress.parse(text);
        assertThat(address.getClass().getSimpleName()).isEqualTo(kind);
        assertThat(address.export()).isEqualTo(export == null ? "" : export);
        String at =
                switch (address) {
                    case NbdAddress.Unix unix -> unix.path();
                    case NbdAddress.Tcp tcp -> tcp.host() + ":" + tcp.port();
                };
        assertThat(at).isEqualTo(where);
    }

    @ParameterizedTest
    @ValueSource(strings = {"nbd:unix:", "nbd:", "nbd://", "nbd:host:1", "nbd+unix:///x", "nbd://h:p/x", "nbd://a b/"})
    void shouldRefuseOtherAddresses(String text) {
        assertThatThrownBy(() -> NbdAddress.parse(text))
                .isInstanceOf(StoreException.class)
                .hasMessageContaining("nbd+unix:///");
    }

    private static void assertRefused(FakeNbdServer.Script script, StoreException.Kind kind, String message)
            throws IOException {
        try (FakeNbdServer server = new FakeNbdServer(script)) {
            assertThatThrownBy(() -> BlockStores.open(server.url(), StoreOptions.readWrite()))
                    .isInstanceOfSatisfying(
                            StoreException.class, e -> assertThat(e.kind()).isEqualTo(kind))
                    .hasMessageContaining(message);
        }
    }

    @Test
    void shouldRefuseServersThatDoNotSpeakTheProtocol() throws Exception {
        assertRefused(wire -> wire.out().write(new byte[18]), StoreException.Kind.UNREACHABLE, "newstyle");
        assertRefused(wire -> wire.hello(0), StoreException.Kind.UNREACHABLE, "fixed newstyle");
        assertRefused(wire -> wire.socket().shutdownOutput(), StoreException.Kind.UNREACHABLE, "no NBD server");
        assertRefused(
                wire -> {
                    wire.hello(3);
                    wire.option();
                    wire.reply(99, 1, new byte[0]);
                    wire.in().read();
                },
                StoreException.Kind.UNREACHABLE,
                "makes no sense");
        assertRefused(
                wire -> {
                    wire.hello(3);
                    wire.option();
                    wire.out().writeLong(0x3e889045565a9L);
                    wire.out().writeInt(7);
                    wire.out().writeInt(3);
                    wire.out().writeInt(Integer.MAX_VALUE);
                    wire.in().read();
                },
                StoreException.Kind.UNREACHABLE,
                "message of 2147483647 bytes");
    }

    @Test
    void shouldTellAnUnknownExport() throws Exception {
        assertRefused(
                wire -> {
                    wire.hello(3);
                    wire.option();
                    wire.reply(7, 1 << 31 | 6, new byte[0]);
                    wire.in().read();
                },
                StoreException.Kind.NOT_FOUND,
                "no export \"x\"");
        assertRefused(
                wire -> {
                    wire.hello(3);
                    wire.option();
                    wire.reply(7, 1 << 31 | 1, new byte[0]);
                    wire.nextOption();
                },
                StoreException.Kind.NOT_FOUND,
                "no export \"x\"");
    }

    @Test
    void shouldFallBackToTheOldOption() throws Exception {
        try (FakeNbdServer server = new FakeNbdServer(wire -> {
                    wire.hello(1);
                    wire.option();
                    wire.reply(7, 1 << 31 | 1, new byte[0]);
                    assertThat(wire.nextOption()).isEqualTo(1);
                    wire.out().writeLong(FakeNbdServer.SIZE);
                    wire.out().writeShort(1);
                    wire.out().write(new byte[124]);
                    FakeNbdServer.Request request = wire.request();
                    wire.answer(request.cookie(), 0, new byte[request.length()]);
                    wire.in().read();
                });
                BlockStore store = BlockStores.open(server.url(), StoreOptions.readWrite());
                Arena arena = Arena.ofShared()) {
            assertThat(store.geometry().flush()).isFalse();
            assertThat(store.geometry().discard()).isFalse();
            TestRequest request = new TestRequest(arena, 4096);
            request.memory().fill((byte) 1);
            assertThat(request.prepare(false, 0, 4096, 512).run(store)).isZero();
            assertThat(request.bytes(4096)).containsOnly(0);
            assertThat(request.flushing().run(store)).isEqualTo(-Errno.EOPNOTSUPP);
            assertThat(request.discarding(0, 512).run(store)).isEqualTo(-Errno.EOPNOTSUPP);
        }
    }

    @Test
    void shouldTakeRepliesInAnyOrderAndPassErrorsOn() throws Exception {
        try (FakeNbdServer server = new FakeNbdServer(wire -> {
                    wire.negotiate();
                    List<FakeNbdServer.Request> requests = new ArrayList<>();
                    for (int i = 0; i < 40; i++) {
                        requests.add(wire.request());
                    }
                    Collections.shuffle(requests, new java.util.Random(5));
                    for (FakeNbdServer.Request request : requests) {
                        int number = (int) (request.offset() / 4096);
                        boolean bad = number % 10 == 3;
                        byte[] data = new byte[bad ? 0 : request.length()];
                        java.util.Arrays.fill(data, (byte) number);
                        wire.answer(request.cookie(), bad ? Errno.ENOSPC : 0, data);
                    }
                    wire.in().read();
                });
                BlockStore store = BlockStores.open(server.url(), StoreOptions.readWrite());
                Arena arena = Arena.ofShared()) {
            List<TestRequest> requests = new ArrayList<>();
            for (int i = 0; i < 40; i++) {
                TestRequest request = new TestRequest(arena, 4096).prepare(false, i * 4096L, 4096, 1024);
                requests.add(request);
                assertThat(store.submit(request)).isEqualTo(BlockStore.PENDING);
            }
            store.push();
            for (int i = 0; i < 40; i++) {
                boolean bad = i % 10 == 3;
                assertThat(requests.get(i).await()).isEqualTo(bad ? -Errno.ENOSPC : 0);
                assertThat(requests.get(i).bytes(4096)).containsOnly(bad ? 0 : i);
            }
        }
    }

    private static void assertAllFail(FakeNbdServer.Script afterNegotiation) throws IOException {
        try (FakeNbdServer server = new FakeNbdServer(wire -> {
                    wire.negotiate();
                    afterNegotiation.run(wire);
                });
                BlockStore store =
                        NbdStore.connect(NbdAddress.parse(server.url()), StoreOptions.readWrite(), IMPATIENT);
                Arena arena = Arena.ofShared()) {
            List<TestRequest> requests = new ArrayList<>();
            for (int i = 0; i < 300; i++) {
                TestRequest request = new TestRequest(arena, 4096).prepare(false, i % 200 * 4096L, 4096, 4096);
                int answer = store.submit(request);
                assertThat(answer).isIn(BlockStore.PENDING, -Errno.EIO);
                if (answer == BlockStore.PENDING) {
                    requests.add(request);
                }
                store.push();
            }
            for (TestRequest request : requests) {
                assertThat(request.await()).isEqualTo(-Errno.EIO);
                assertThat(request.completions()).isEqualTo(1);
            }
            assertThat(new TestRequest(arena, 4096).prepare(true, 0, 4096, 4096).run(store))
                    .isEqualTo(-Errno.EIO);
        }
    }

    @Test
    void shouldFailEverythingWhenTheServerDoesNotComeBack() throws Exception {
        assertAllFail(wire -> wire.request());
        assertAllFail(wire -> wire.out().write(new byte[5]));
    }

    @Test
    void shouldFailEverythingWhenTheServerLies() throws Exception {
        assertAllFail(wire -> {
            wire.out().write(new byte[16]);
            wire.in().read();
        });
        assertAllFail(wire -> {
            wire.answer(12345, 0, new byte[0]);
            wire.in().read();
        });
        assertAllFail(wire -> {
            wire.answer(-1, 0, new byte[0]);
            wire.in().read();
        });
        assertAllFail(wire -> {
            // Half of the data, then the end.
            FakeNbdServer.Request request = wire.request();
            wire.answer(request.cookie(), 0, new byte[request.length() / 2]);
        });
        assertAllFail(wire -> {
            FakeNbdServer.Request request = wire.request();
            wire.answer(request.cookie(), 5, new byte[0]);
            wire.answer(request.cookie(), 5, new byte[0]);
            wire.in().read();
        });
    }

    @Test
    void shouldFailWhatIsInFlightWhenItIsClosed() throws Exception {
        try (FakeNbdServer server = new FakeNbdServer(wire -> {
                    wire.negotiate();
                    while (wire.in().read() >= 0) {
                        // A server that reads, and never answers.
                    }
                });
                Arena arena = Arena.ofShared()) {
            BlockStore store = BlockStores.open(server.url(), StoreOptions.readWrite());
            TestRequest request = new TestRequest(arena, 4096).prepare(false, 0, 4096, 4096);
            assertThat(store.submit(request)).isEqualTo(BlockStore.PENDING);
            store.push();
            store.close();
            assertThat(request.await()).isEqualTo(-Errno.EIO);
        }
    }

    @Test
    void shouldNotWaitForAServerThatReadsSlowly() throws Exception {
        try (FakeNbdServer server = new FakeNbdServer(wire -> {
                    wire.negotiate();
                    for (int i = 0; i < 64; i++) {
                        FakeNbdServer.Request request = wire.request();
                        wire.answer(request.cookie(), 0, new byte[0]);
                    }
                    wire.in().read();
                });
                BlockStore store = BlockStores.open(server.url(), StoreOptions.readWrite());
                Arena arena = Arena.ofShared()) {
            // 64 MiB: far more than sockets buffer, so that the rest goes through the patient thread.
            List<TestRequest> requests = new ArrayList<>();
            for (int i = 0; i < 64; i++) {
                TestRequest request = new TestRequest(arena, 1 << 20).prepare(true, 0, 1 << 20, 4096);
                requests.add(request);
                assertThat(store.submit(request)).isEqualTo(BlockStore.PENDING);
                store.push();
            }
            for (TestRequest request : requests) {
                assertThat(request.await()).isZero();
            }
        }
    }
}
