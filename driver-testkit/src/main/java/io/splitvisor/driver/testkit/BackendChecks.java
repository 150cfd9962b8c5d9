// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.splitvisor.driver.Field;
import io.splitvisor.driver.derived.RequestFuzzer;
import java.lang.foreign.MemorySegment;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;

/** What a back end that answers requests is held against, besides {@link ConnectionChecks}. */
final class BackendChecks {
    static final List<Check<RequestBackendBench>> ALL = List.of(
            Check.of("serves requests", bench -> {
                bench.connect();
                bench.exchange(3 * bench.front().ring().slots());
                bench.disconnect();
            }),
            Check.of("answers each request of a full ring once", BackendChecks::fullRing),
            Check.of("echoes ids that are used twice", BackendChecks::sameIds),
            Check.of("halts a ring with an impossible index", BackendChecks::impossibleIndex),
            Check.of("refuses operations that are not declared", BackendChecks::unknownOperations),
            new Check<>("survives any bytes", BackendChecks::fuzz),
            Check.of("survives grants that are none", BackendChecks::badGrants));

    private static final int REQUESTS = 200;

    private BackendChecks() {}

    private static void fullRing(RequestBackendBench bench) {
        bench.connect();
        Set<Long> ids = new HashSet<>();
        for (int i = 0; i < bench.front().ring().slots(); i++) {
            Message request = bench.sample();
            ids.add(request.get(bench.protocol().requestId()));
            bench.front().put(request);
        }
        bench.front().push();
        for (int i = 0; i < bench.front().ring().slots(); i++) {
            Message response = bench.response();
            assertTrue(ids.remove(response.get(bench.protocol().responseId())), () -> "answered twice: " + response);
        }
        bench.disconnect();
    }

    private static void sameIds(RequestBackendBench bench) {
        bench.connect();
        Field.Scalar id = bench.protocol().requestId();
        for (int i = 0; i < bench.front().ring().slots(); i++) {
            bench.front().put(bench.sample().set(id, 1));
        }
        bench.front().push();
        for (int i = 0; i < bench.front().ring().slots(); i++) {
            assertEquals(1, bench.response().get(bench.protocol().responseId()));
        }
        bench.disconnect();
    }

    private static void impossibleIndex(RequestBackendBench bench) {
        for (int jump : new int[] {bench.front().protocol().slots(1) + 1, Integer.MIN_VALUE, -1, 1 << 16}) {
            bench.connect();
            bench.exchange(2);
            bench.front().publish(bench.front().ring().reqProdPvt() + jump);
            bench.front().kick();
            bench.machine().run();
            assertEquals(0, bench.front().ring().unconsumedResponses(), "it answered what nobody asked");
            bench.reset();
        }
    }

    private static void unknownOperations(RequestBackendBench bench) {
        if (bench.protocol().operationField().isEmpty()) {
            return;
        }
        Field.Scalar field = bench.protocol().operationField().get();
        bench.connect();
        for (long operation : new long[] {1, 2, 3, 77, 127, 255}) {
            if (bench.protocol().operation(operation).isEmpty()) {
                Message request = bench.front().request().set(field, operation);
                bench.front().put(request);
                bench.front().push();
                bench.machine().run();
                if (bench.protocol().status().isPresent()) {
                    Message response = bench.response();
                    assertEquals(
                            bench.protocol().status().get().unsupported(),
                            bench.protocol().status().get().field().read(response.bytes(), 0));
                }
            }
        }
        bench.disconnect();
    }

    private static void fuzz(RequestBackendBench bench, long seed) {
        Random random = new Random(seed);
        RequestFuzzer fuzzer = new RequestFuzzer(bench.protocol(), random);
        bench.connect();
        MemorySegment slot = MemorySegment.ofArray(new byte[bench.protocol().slotSize()]);
        for (int sent = 0; sent < REQUESTS && bench.error().isEmpty(); sent++) {
            fuzzer.any(slot, 0);
            bench.front().putRaw(slot);
            bench.front().push();
            bench.front().arm();
            bench.machine().run();
            if (bench.front().ring().unconsumedResponses() == 0) {
                // It may take its time, but not for ever; or it has given the ring up.
                boolean answered = bench.machine()
                        .runUntil(() -> bench.front().ring().unconsumedResponses() > 0, BackendBench.LIMIT);
                if (!answered) {
                    break;
                }
            }
            bench.front().response();
        }
        bench.disconnect();
    }

    private static void badGrants(RequestBackendBench bench) {
        bench.connect();
        MockPage foreign = bench.front().pageFor(99);
        int[] refs = {-1, 0, 7, 1 << 20, Integer.MIN_VALUE, foreign.ref()};
        for (Field field : bench.protocol().request().fields()) {
            if (field instanceof Field.Gref gref) {
                for (int ref : refs) {
                    Message request = bench.sample().set(gref, Integer.toUnsignedLong(ref));
                    bench.front().put(request);
                    bench.front().push();
                    assertEquals(
                            request.get(bench.protocol().requestId()),
                            bench.response().get(bench.protocol().responseId()));
                }
            }
        }
        bench.exchange(1);
        bench.disconnect();
    }
}
