// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What every store does. */
abstract class BlockStoreContract {
    static final int SIZE = 4 << 20;

    /** Opens a store of {@link #SIZE} bytes, all zero. */
    abstract BlockStore open() throws Exception;

    @Test
    void shouldSayHowLargeItIs() throws Exception {
        try (BlockStore store = open()) {
            assertThat(store.geometry().bytes()).isEqualTo(SIZE);
            assertThat(store.geometry().sectorSize()).isEqualTo(512);
            assertThat(store.geometry().readOnly()).isFalse();
            assertThat(store.geometry().flush()).isTrue();
            assertThat(store.geometry().discard()).isTrue();
        }
    }

    @Test
    void shouldReadWhatWasWritten() throws Exception {
        byte[] model = new byte[SIZE];
        Random random = new Random(42);
        try (BlockStore store = open();
                Arena arena = Arena.ofShared()) {
            TestRequest request = new TestRequest(arena, 1 << 20);
            for (int i = 0; i < 400; i++) {
                int bytes = 512 * (1 + random.nextInt(i % 10 == 0 ? 2048 : 32));
                int at = 512 * random.nextInt((SIZE - bytes) / 512 + 1);
                int piece = Math.max(512 * (1 + random.nextInt(16)), (bytes / 256 + 511) / 512 * 512);
                switch (random.nextInt(8)) {
                    case 0, 1, 2 -> {
                        byte[] data = new byte[bytes];
                        random.nextBytes(data);
                        request.fill(data);
                        assertThat(request.prepare(true, at, bytes, piece).run(store))
                                .isZero();
                        System.arraycopy(data, 0, model, at, bytes);
                    }
                    case 3 -> assertThat(request.flushing().run(store)).isZero();
                    default -> {
                        assertThat(request.prepare(false, at, bytes, piece).run(store))
                                .isZero();
                        assertThat(request.bytes(bytes)).isEqualTo(Arrays.copyOfRange(model, at, at + bytes));
                    }
                }
            }
        }
    }

    @Test
    void shouldTakeManyRequestsAtATime() throws Exception {
        try (BlockStore store = open();
                Arena arena = Arena.ofShared()) {
            List<TestRequest> requests = new ArrayList<>();
            for (int i = 0; i < 512; i++) {
                TestRequest request = new TestRequest(arena, 8192);
                byte[] data = new byte[8192];
                Arrays.fill(data, (byte) i);
                data[0] = (byte) (i >> 8);
                request.fill(data);
                requests.add(request.prepare(true, i * 8192L, 8192, 4096));
            }
            runAll(store, requests);
            for (int i = 0; i < 512; i++) {
                requests.get(i).memory().fill((byte) 99);
                requests.get(i).prepare(false, i * 8192L, 8192, 4096);
            }
            runAll(store, requests);
            for (int i = 0; i < 512; i++) {
                byte[] got = requests.get(i).bytes(8192);
                assertThat(got[0]).isEqualTo((byte) (i >> 8));
                assertThat(got[8191]).isEqualTo((byte) i);
            }
        }
    }

    private static void runAll(BlockStore store, List<TestRequest> requests) {
        List<TestRequest> pending = new ArrayList<>();
        for (TestRequest request : requests) {
            int answer = store.submit(request);
            if (answer == BlockStore.PENDING) {
                pending.add(request);
            } else {
                assertThat(answer).isZero();
            }
        }
        store.push();
        for (TestRequest request : pending) {
            assertThat(request.await()).isZero();
        }
    }

    @Test
    void shouldDiscard() throws Exception {
        try (BlockStore store = open();
                Arena arena = Arena.ofShared()) {
            TestRequest request = new TestRequest(arena, 65536);
            request.memory().fill((byte) 7);
            assertThat(request.prepare(true, 131072, 65536, 65536).run(store)).isZero();
            assertThat(request.discarding(131072 + 8192, 16384).run(store)).isZero();
            assertThat(request.discarding(0, 0).run(store)).isZero();
            assertThat(request.discarding(0, 65536).run(store)).isZero();
            assertThat(request.prepare(false, 131072, 65536, 65536).run(store)).isZero();
            byte[] got = request.bytes(65536);
            assertThat(Arrays.copyOfRange(got, 0, 8192)).containsOnly(7);
            assertThat(Arrays.copyOfRange(got, 24576, 65536)).containsOnly(7);
        }
    }

    @Test
    void shouldCloseTwice() throws Exception {
        BlockStore store = open();
        store.close();
        store.close();
        assertThat(store.geometry().bytes()).isEqualTo(SIZE);
    }
}
