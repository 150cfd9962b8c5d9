// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.splitvisor.host.Errno;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What else one meets with a real qemu-nbd. */
class NbdServerIT {
    private static final int SIZE = 1 << 20;
    private static final int BLOCK = 4096;

    @TempDir
    Path folder;

    @BeforeEach
    void assume() {
        QemuNbd.assumeInstalled();
    }

    @Test
    void shouldReachAnExportOverTcp() throws Exception {
        Path image = folder.resolve("disk.raw");
        QemuNbd.makeImage(image, "raw", SIZE);
        int port = QemuNbd.freePort();
        try (QemuNbd server = QemuNbd.serveTcp(image, port, "disk")) {
            assertThat(server).isNotNull();
            String url = "nbd://127.0.0.1:" + port + "/disk";
            try (BlockStore store = BlockStores.open(url, StoreOptions.readWrite());
                    Arena arena = Arena.ofShared()) {
                TestRequest request = new TestRequest(arena, 65536);
                request.memory().fill((byte) 3);
                assertThat(request.prepare(true, 4096, 65536, 4096).run(store)).isZero();
                assertThat(request.flushing().run(store)).isZero();
                assertThat(Files.readAllBytes(image)[4096 + 65535]).isEqualTo((byte) 3);
            }
            assertThatThrownBy(() -> BlockStores.open("nbd://127.0.0.1:" + port + "/other", StoreOptions.readWrite()))
                    .isInstanceOfSatisfying(
                            StoreException.class, e -> assertThat(e.kind()).isEqualTo(StoreException.Kind.NOT_FOUND));
        }
        assertThatThrownBy(() -> BlockStores.open("nbd://127.0.0.1:" + port + "/disk", StoreOptions.readWrite()))
                .isInstanceOfSatisfying(
                        StoreException.class, e -> assertThat(e.kind()).isEqualTo(StoreException.Kind.UNREACHABLE));
    }

    @Test
    void shouldRefuseToWriteToAReadOnlyExport() throws Exception {
        Path image = folder.resolve("disk.raw");
        Path socket = folder.resolve("s");
        QemuNbd.makeImage(image, "raw", SIZE);
        try (QemuNbd server = QemuNbd.serve(image, "raw", socket, "-r")) {
            assertThat(server).isNotNull();
            String url = "nbd+unix:///?socket=" + socket;
            assertThatThrownBy(() -> BlockStores.open(url, StoreOptions.readWrite()))
                    .isInstanceOfSatisfying(
                            StoreException.class, e -> assertThat(e.kind()).isEqualTo(StoreException.Kind.DENIED));
            try (BlockStore store = BlockStores.open(url, StoreOptions.forReading())) {
                assertThat(store.geometry().readOnly()).isTrue();
                assertThat(store.geometry().discard()).isFalse();
            }
        }
    }

    @Test
    void shouldFailWhenTheServerIsKilledAndStaysAway() throws Exception {
        Path image = folder.resolve("disk.raw");
        Path socket = folder.resolve("s");
        QemuNbd.makeImage(image, "raw", SIZE);
        NbdPatience impatient = new NbdPatience(Duration.ofMillis(1), Duration.ofMillis(10), Duration.ofMillis(50), 3);
        try (QemuNbd server = QemuNbd.serve(image, "raw", socket);
                BlockStore store =
                        NbdStore.connect(NbdAddress.parse("nbd:unix:" + socket), StoreOptions.readWrite(), impatient);
                Arena arena = Arena.ofShared()) {
            TestRequest request = new TestRequest(arena, 4096);
            assertThat(request.prepare(false, 0, 4096, 4096).run(store)).isZero();
            server.kill();
            int result = 0;
            for (int i = 0; i < 10000 && result == 0; i++) {
                result = request.prepare(false, 0, 4096, 4096).run(store);
            }
            assertThat(result).isEqualTo(-Errno.EIO);
        }
    }

    /** Killed with requests in flight, writes that are not flushed among them; qcow2 loses those with the process. */
    @ParameterizedTest
    @ValueSource(strings = {"raw", "qcow2"})
    void shouldGoOnWhenTheServerIsKilledAndStartedAgain(String format) throws Exception {
        Path image = folder.resolve("disk." + format);
        Path socket = folder.resolve("s");
        QemuNbd.makeImage(image, format, SIZE);
        Random random = new Random(11);
        byte[][] expected = new byte[SIZE / BLOCK][];
        QemuNbd server = QemuNbd.serve(image, format, socket);
        try (BlockStore store = BlockStores.open("nbd:unix:" + socket, StoreOptions.readWrite());
                Arena arena = Arena.ofShared()) {
            TestRequest[] requests = new TestRequest[8];
            Arrays.setAll(requests, _ -> new TestRequest(arena, BLOCK));
            for (int round = 0; round < 40; round++) {
                List<Integer> blocks = new ArrayList<>(
                        IntStream.range(0, expected.length).boxed().toList());
                Collections.shuffle(blocks, random);
                for (int i = 0; i < requests.length; i++) {
                    byte[] content = new byte[BLOCK];
                    random.nextBytes(content);
                    requests[i].fill(content);
                    expected[blocks.get(i)] = content;
                    requests[i].prepare(true, (long) blocks.get(i) * BLOCK, BLOCK, 512);
                    assertThat(store.submit(requests[i])).isEqualTo(BlockStore.PENDING);
                    store.push();
                }
                if (round % 10 == 5) {
                    server.killAndWait();
                    server = QemuNbd.serve(image, format, socket);
                }
                for (TestRequest request : requests) {
                    assertThat(request.await()).isZero();
                }
                if (round % 4 == 3) {
                    assertThat(requests[0].flushing().run(store)).isZero();
                }
            }
            for (int block = 0; block < expected.length; block++) {
                if (expected[block] != null) {
                    assertThat(requests[0]
                                    .prepare(false, (long) block * BLOCK, BLOCK, BLOCK)
                                    .run(store))
                            .isZero();
                    assertThat(requests[0].bytes(BLOCK)).isEqualTo(expected[block]);
                }
            }
            // After a flush a kill loses nothing, whoever looks.
            assertThat(requests[0].flushing().run(store)).isZero();
            server.killAndWait();
        } finally {
            server.close();
        }
        Path raw = folder.resolve("copy.raw");
        QemuNbd.run("qemu-img", "convert", "-f", format, "-O", "raw", image.toString(), raw.toString());
        byte[] content = Files.readAllBytes(raw);
        for (int block = 0; block < expected.length; block++) {
            if (expected[block] != null) {
                assertThat(Arrays.copyOfRange(content, block * BLOCK, (block + 1) * BLOCK))
                        .isEqualTo(expected[block]);
            }
        }
    }

    @Test
    void shouldKeepTheImageSound() throws Exception {
        Path image = folder.resolve("disk.qcow2");
        Path socket = folder.resolve("s");
        QemuNbd.makeImage(image, "qcow2", SIZE);
        try (QemuNbd server = QemuNbd.serve(image, "qcow2", socket)) {
            assertThat(server).isNotNull();
            try (BlockStore store = BlockStores.open("nbd:unix:" + socket, StoreOptions.readWrite());
                    Arena arena = Arena.ofShared()) {
                TestRequest request = new TestRequest(arena, SIZE);
                request.memory().fill((byte) 0x42);
                assertThat(request.prepare(true, 0, SIZE, 4096).run(store)).isZero();
                assertThat(request.discarding(0, SIZE / 2).run(store)).isZero();
                assertThat(request.flushing().run(store)).isZero();
            }
        }
        assertThat(QemuNbd.run("qemu-img", "check", "-f", "qcow2", image.toString()))
                .contains("No errors");
        Path raw = folder.resolve("disk.raw");
        QemuNbd.run("qemu-img", "convert", "-f", "qcow2", "-O", "raw", image.toString(), raw.toString());
        assertThat(Files.readAllBytes(raw)[SIZE - 1]).isEqualTo((byte) 0x42);
    }
}
