// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.testkit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.splitvisor.abi.io.XenbusState;
import io.splitvisor.driver.ByteStream;
import io.splitvisor.driver.testkit.TestedFrontend.Exchange;
import java.util.List;
import java.util.Random;

/** What a front end that exchanges bytes is held against, besides {@link ReconnectionChecks}. */
final class ByteFrontendChecks {
    static final List<Check<ByteFrontendBench>> ALL = List.of(
            Check.of("writes bytes", ByteFrontendChecks::writes),
            Check.of("reads bytes", ByteFrontendChecks::reads),
            Check.of("writes more than the ring holds", ByteFrontendChecks::flood),
            Check.of("loses and doubles nothing over connections", ByteFrontendChecks::overConnections),
            Check.of("moves nothing while an index is impossible", ByteFrontendChecks::impossibleIndices));

    private static final int WRITES = 20;

    private ByteFrontendChecks() {}

    private static void writes(ByteFrontendBench bench) {
        bench.connect();
        bench.exchange(WRITES);
        assertInOrder(bench.back().taken());
        bench.end();
    }

    /** Writes count up from one to the next. */
    private static void assertInOrder(byte[] bytes) {
        for (int i = 0; i < bytes.length; i++) {
            assertEquals((byte) i, bytes[i], "byte " + i + " of " + bytes.length);
        }
    }

    private static void reads(ByteFrontendBench bench) {
        bench.connect();
        int size = bench.protocol().toFrontend().bytes().length();
        byte[] sent = new byte[3 * size];
        new Random(size).nextBytes(sent);
        int[] done = new int[1];
        bench.await("all read", () -> {
            for (; done[0] < sent.length && bench.back().write(sent[done[0]]) == 1; ) {
                done[0]++;
            }
            return bench.read().length == sent.length;
        });
        assertArrayEquals(sent, bench.read());
        bench.end();
    }

    private static void flood(ByteFrontendBench bench) {
        bench.connect();
        int size = bench.protocol().toBackend().bytes().length();
        List<Exchange> made = bench.submit(size);
        bench.awaitArrival();
        assertFalse(made.getLast().isDone(), "the ring does not hold so many");
        bench.back().serve();
        bench.await("all written", made.getLast()::isDone);
        assertInOrder(bench.back().taken());
        bench.end();
    }

    private static void overConnections(ByteFrontendBench bench) {
        bench.connect();
        for (int i = 0; i < 3; i++) {
            List<Exchange> made = bench.submit(5);
            bench.awaitArrival();
            int unused = bench.back().take(i * 4);
            assertEquals(3, bench.back().write((byte) 1, (byte) 2, (byte) 3));
            bench.back().disconnect();
            bench.back().state(XenbusState.INIT_WAIT);
            bench.accept();
            bench.back().serve();
            bench.await("all written", made.getLast()::isDone);
            assertTrue(made.getLast().succeeded());
            bench.back().hold();
        }
        assertEquals(3 * 5 * 7, bench.back().taken().length);
        assertInOrder(bench.back().taken());
        assertArrayEquals(new byte[] {1, 2, 3, 1, 2, 3, 1, 2, 3}, bench.read());
        bench.end();
    }

    private static void impossibleIndices(ByteFrontendBench bench) {
        ByteStream out = bench.protocol().toBackend();
        ByteStream in = bench.protocol().toFrontend();
        bench.connect();
        bench.back().index(out.consumer(), 1);
        bench.back().index(in.producer(), in.bytes().length() + 1);
        bench.back().kick();
        Exchange exchange = bench.front().submit();
        bench.machine().run();
        bench.front().poll();
        assertFalse(exchange.isDone(), "written into an impossible ring");
        assertEquals(0, bench.read().length, "read from an impossible ring");
        bench.back().index(out.consumer(), 0);
        bench.back().index(in.producer(), 2);
        bench.back().serve();
        bench.await("written", exchange::isDone);
        assertEquals(2, bench.read().length);
        bench.end();
    }
}
