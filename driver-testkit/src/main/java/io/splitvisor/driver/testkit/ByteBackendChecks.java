// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.splitvisor.abi.io.XenbusState;
import io.splitvisor.driver.ByteStream;
import java.util.List;
import java.util.Random;

/** What a back end that exchanges bytes is held against, besides {@link ConnectionChecks}. */
final class ByteBackendChecks {
    static final List<Check<ByteBackendBench>> ALL = List.of(
            Check.of("takes bytes", ByteBackendChecks::takes),
            Check.of("takes a full ring", ByteBackendChecks::fullRing),
            Check.of("takes what was written before it connected", ByteBackendChecks::early),
            Check.of("takes what was written last", ByteBackendChecks::lastWords),
            Check.of("moves nothing while an index is impossible", ByteBackendChecks::impossibleIndices),
            Check.of("goes on when an index goes round", ByteBackendChecks::wrapAround),
            new Check<>("survives any indices", ByteBackendChecks::fuzz));

    private static final int PIECES = 200;
    private static final int WRITES = 40;

    private ByteBackendChecks() {}

    private static void takes(ByteBackendBench bench) {
        bench.connect();
        bench.exchange(WRITES);
        bench.disconnect();
    }

    private static byte[] ringful(ByteBackendBench bench) {
        byte[] bytes = new byte[bench.front().out().size()];
        new Random(bytes.length).nextBytes(bytes);
        return bytes;
    }

    private static void fullRing(ByteBackendBench bench) {
        bench.connect();
        for (int i = 0; i < 3; i++) {
            assertEquals(bench.front().out().size(), bench.front().write(ringful(bench)), "the ring is not empty");
            bench.awaitTaken();
        }
        bench.disconnect();
    }

    private static void early(ByteBackendBench bench) {
        bench.front().offer();
        int unused = bench.front().write(ringful(bench));
        bench.awaitPeer(XenbusState.CONNECTED);
        bench.awaitTaken();
        bench.disconnect();
    }

    private static void lastWords(ByteBackendBench bench) {
        bench.connect();
        bench.exchange(1);
        bench.front().out().write(new byte[] {1, 2, 3}, 0, 3);
        bench.disconnect();
        assertEquals(0, bench.front().out().readable(), "not taken");
    }

    /** Neither does it stop for good: who puts the index right is served again. */
    private static void impossibleIndices(ByteBackendBench bench) {
        bench.connect();
        for (ByteStream stream :
                List.of(bench.protocol().toBackend(), bench.protocol().toFrontend())) {
            int size = stream.bytes().length();
            for (int[] pair : new int[][] {{0, size + 1}, {0, -1}, {1, 0}, {0, Integer.MIN_VALUE}, {-1, -2}}) {
                bench.front().indices(stream, pair[0], pair[1]);
                bench.front().kick();
                bench.machine().run();
                assertEquals(pair[0], bench.front().index(stream.consumer()), "it consumed");
                assertEquals(pair[1], bench.front().index(stream.producer()), "it produced");
                bench.front().indices(stream, 0, 0);
                bench.exchange(1);
                bench.front().indices(stream, 0, 0);
            }
        }
        bench.disconnect();
    }

    private static void wrapAround(ByteBackendBench bench) {
        bench.connect();
        bench.front().indices(bench.protocol().toBackend(), -5, -5);
        bench.exchange(4);
        assertEquals(11, bench.front().index(bench.protocol().toBackend().consumer()));
        bench.disconnect();
    }

    private static void fuzz(ByteBackendBench bench, long seed) {
        Random random = new Random(seed);
        bench.connect();
        for (int i = 0; i < PIECES; i++) {
            ByteStream stream = random.nextBoolean()
                    ? bench.protocol().toBackend()
                    : bench.protocol().toFrontend();
            bench.front().index(random.nextBoolean() ? stream.consumer() : stream.producer(), random.nextInt());
            bench.front().kick();
            bench.machine().step();
        }
        bench.machine().run();
        bench.front().indices(bench.protocol().toBackend(), 0, 0);
        bench.front().indices(bench.protocol().toFrontend(), 0, 0);
        bench.exchange(2);
        bench.disconnect();
    }
}
