// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.dom0.store.FakeNbdServer.Request;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A server that crashes again and again, and each time loses some of what was not flushed. The guest's view is that of a disk
 * that never failed: reads see the last write that was answered, and what was flushed is on the server's disk.
 */
class NbdCrashPropertyTest {
    private static final int BLOCK = 4096;
    private static final int BLOCKS = (int) (FakeNbdServer.SIZE / BLOCK);
    private static final int STEPS = 400;
    private static final int DEPTH = 16;
    private static final int STEPS_PER_FLUSH = 5;

    /** More than can be unflushed: a server that never takes all of that would never be of use again. */
    private static final int MOST_REQUESTS = 3 * STEPS_PER_FLUSH * DEPTH;

    /** The disk behind the server, and its cache. */
    private static final class Disk {
        private final Random random;
        private final byte[] durable = new byte[BLOCKS];
        private final byte[] cached = new byte[BLOCKS];
        private int crashes;

        Disk(Random random) {
            this.random = random;
        }

        /** Serves some requests, in an order of its own, and crashes; an answer may get lost with it. */
        synchronized void serve(FakeNbdServer.Wire wire) throws IOException {
            wire.negotiate();
            int left = 1 + random.nextInt(MOST_REQUESTS);
            while (left-- > 0) {
                Request request = wire.request();
                byte[] answer = perform(request);
                if (left == 0 && random.nextBoolean()) {
                    break;
                }
                wire.answer(request.cookie(), 0, answer);
            }
            crash();
        }

        private byte[] perform(Request request) throws IOException {
            int block = (int) (request.offset() / BLOCK);
            switch (request.type()) {
                case FakeNbdServer.READ -> {
                    byte[] data = new byte[request.length()];
                    Arrays.fill(data, cached[block]);
                    return data;
                }
                case FakeNbdServer.WRITE -> cached[block] = request.data()[0];
                case FakeNbdServer.FLUSH -> System.arraycopy(cached, 0, durable, 0, BLOCKS);
                default -> throw new IOException("not a request: " + request);
            }
            return new byte[0];
        }

        private void crash() {
            crashes++;
            for (int i = 0; i < BLOCKS; i++) {
                if (random.nextBoolean()) {
                    cached[i] = durable[i];
                } else {
                    durable[i] = cached[i];
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6})
    void shouldLookLikeADiskThatNeverFailed(long seed) throws Exception {
        Random random = new Random(seed);
        Disk disk = new Disk(new Random(-seed));
        FakeNbdServer.Script[] lives = new FakeNbdServer.Script[5000];
        Arrays.fill(lives, (FakeNbdServer.Script) disk::serve);
        NbdPatience patience =
                new NbdPatience(Duration.ofNanos(1), Duration.ofMillis(2), Duration.ofSeconds(60), 100_000);
        byte[] model = new byte[BLOCKS];
        byte[] flushed = new byte[BLOCKS];
        try (FakeNbdServer server = new FakeNbdServer(lives);
                BlockStore store =
                        NbdStore.connect(NbdAddress.parse(server.url()), StoreOptions.readWrite(), patience);
                Arena arena = Arena.ofShared()) {
            TestRequest[] requests = new TestRequest[DEPTH];
            Arrays.setAll(requests, _ -> new TestRequest(arena, BLOCK));
            for (int step = 0; step < STEPS; step++) {
                step(random, store, requests, model);
                if (step % STEPS_PER_FLUSH == 0 || random.nextInt(STEPS_PER_FLUSH) == 0) {
                    assertThat(requests[0].flushing().run(store)).isZero();
                    flushed = model.clone();
                }
            }
            assertThat(requests[0].flushing().run(store)).isZero();
            flushed = model.clone();
            assertThat(disk.crashes).isGreaterThan(10);
        }
        synchronized (disk) {
            assertThat(disk.durable).isEqualTo(flushed);
        }
    }

    /** Reads and writes of different blocks, all in flight together. */
    private static void step(Random random, BlockStore store, TestRequest[] requests, byte[] model) {
        int first = random.nextInt(BLOCKS);
        int count = 1 + random.nextInt(DEPTH);
        boolean[] writes = new boolean[count];
        for (int i = 0; i < count; i++) {
            int block = (first + i) % BLOCKS;
            writes[i] = random.nextBoolean();
            byte value = (byte) random.nextInt();
            requests[i].memory().fill(writes[i] ? value : (byte) 0);
            requests[i].prepare(writes[i], (long) block * BLOCK, BLOCK, BLOCK);
            assertThat(store.submit(requests[i])).isEqualTo(BlockStore.PENDING);
            if (writes[i]) {
                model[block] = value;
            }
        }
        store.push();
        for (int i = 0; i < count; i++) {
            assertThat(requests[i].await()).isZero();
            if (!writes[i]) {
                assertThat(requests[i].bytes(BLOCK)).containsOnly(model[(first + i) % BLOCKS]);
            }
        }
    }
}
