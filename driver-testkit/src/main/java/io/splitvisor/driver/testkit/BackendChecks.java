// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.splitvisor.abi.io.XenbusState;
import io.splitvisor.driver.Feature;
import io.splitvisor.driver.Field;
import io.splitvisor.driver.derived.RequestFuzzer;
import java.lang.foreign.MemorySegment;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/** What a back end is held against. */
final class BackendChecks {
    static final List<Check> ALL = List.of(
            check("serves requests", bench -> {
                bench.connect();
                bench.exchange(3 * bench.front().ring().slots());
                bench.disconnect();
            }),
            check("answers each request of a full ring once", BackendChecks::fullRing),
            check("echoes ids that are used twice", BackendChecks::sameIds),
            check("connects again and again", BackendChecks::reconnects),
            check("halts a ring with an impossible index", BackendChecks::impossibleIndex),
            check("refuses operations that are not declared", BackendChecks::unknownOperations),
            new Check("survives any bytes", BackendChecks::fuzz),
            check("survives grants that are none", BackendChecks::badGrants),
            check("survives states that are none", BackendChecks::badStates),
            check("refuses rings that cannot be mapped", BackendChecks::badRings),
            check("refuses features that are not declared so", BackendChecks::badFeatures),
            check("refuses another version", BackendChecks::otherVersion),
            check("survives events without work", BackendChecks::eventStorm),
            check("goes when the front end's nodes go", BackendChecks::nodesGo),
            check("detaches in agreement", BackendChecks::detachInAgreement),
            check("detaches by force", BackendChecks::detachByForce),
            new Check("lets go of a domain that dies at any step", BackendChecks::domainDies));

    private static final int REQUESTS = 200;

    /** A check, with the seed for those that want one. */
    record Check(String name, BiConsumer<BackendBench, Long> run) {}

    private BackendChecks() {}

    private static Check check(String name, Consumer<BackendBench> run) {
        return new Check(name, (bench, _) -> run.accept(bench));
    }

    private static void fullRing(BackendBench bench) {
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

    private static void sameIds(BackendBench bench) {
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

    private static void reconnects(BackendBench bench) {
        for (int i = 0; i < 10; i++) {
            bench.connect();
            bench.exchange(1);
            bench.disconnect();
            bench.front().state(XenbusState.INITIALISING);
            bench.awaitPeer(XenbusState.INIT_WAIT);
        }
    }

    private static void impossibleIndex(BackendBench bench) {
        for (int jump : new int[] {bench.front().protocol().slots(1) + 1, Integer.MIN_VALUE, -1, 1 << 16}) {
            bench.connect();
            bench.exchange(2);
            bench.front().publish(bench.front().ring().reqProdPvt() + jump);
            bench.front().kick();
            bench.machine().run();
            assertEquals(0, bench.front().ring().unconsumedResponses(), "it answered what nobody asked");
            bench.disconnect();
            bench.front().state(XenbusState.INITIALISING);
            bench.awaitPeer(XenbusState.INIT_WAIT);
        }
    }

    private static void unknownOperations(BackendBench bench) {
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

    private static void fuzz(BackendBench bench, long seed) {
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

    private static void badGrants(BackendBench bench) {
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

    private static void badStates(BackendBench bench) {
        for (String state : new String[] {"abc", "", "9", "-1", "2", "7", "8", "4294967297"}) {
            bench.connect();
            bench.front().write("state", state);
            bench.assertRefused("state '" + state + "'");
            bench.front().state(XenbusState.CLOSED);
            bench.awaitPeer(XenbusState.CLOSED);
            bench.machine().store().rm("/local/domain/0/error");
            bench.front().state(XenbusState.INITIALISING);
            bench.awaitPeer(XenbusState.INIT_WAIT);
        }
    }

    private static void badRings(BackendBench bench) {
        for (String node : new String[] {"ring-ref", "event-channel"}) {
            for (String value : new String[] {null, "", "abc", "-1", "0", "4294967295", "4294967296", " 8"}) {
                refused(bench, node, value);
            }
        }
    }

    private static void badFeatures(BackendBench bench) {
        for (Feature feature : bench.protocol().features()) {
            if (feature.teller() == Feature.Teller.BOTH) {
                for (String value : new String[] {"abc", "-1", "", "99999999999999999999"}) {
                    refused(bench, feature.name(), value);
                }
            }
            if (feature instanceof Feature.Numeric number && number.teller() == Feature.Teller.BOTH) {
                refused(bench, number.name(), Long.toString(number.largest() + 1));
            }
        }
    }

    private static void otherVersion(BackendBench bench) {
        if (bench.protocol().version() > 0) {
            refused(bench, "version", Integer.toString(bench.protocol().version() + 1));
            assertTrue(bench.lastError().contains("version"), bench::lastError);
            refused(bench, "version", null);
        }
    }

    /** Offers a ring with one node that is wrong; the back end says why it does not connect, and can be tried again. */
    private static void refused(BackendBench bench, String node, String value) {
        bench.front().makeRing();
        bench.front().say();
        if (value == null) {
            bench.front().remove(node);
        } else {
            bench.front().write(node, value);
        }
        bench.front().state(XenbusState.INITIALISED);
        bench.assertRefused(node + " '" + value + "'");
        bench.front().state(XenbusState.CLOSED);
        bench.awaitPeer(XenbusState.CLOSED);
        bench.machine().store().rm("/local/domain/0/error");
        bench.front().state(XenbusState.INITIALISING);
        bench.awaitPeer(XenbusState.INIT_WAIT);
    }

    private static void eventStorm(BackendBench bench) {
        bench.connect();
        for (int i = 0; i < REQUESTS; i++) {
            bench.front().kick();
            bench.machine().step();
        }
        bench.machine().run();
        bench.exchange(2);
        bench.disconnect();
    }

    private static void nodesGo(BackendBench bench) {
        bench.connect();
        bench.exchange(1);
        bench.machine().store().rm(bench.front().own().path());
        bench.await("its nodes go too", () -> bench.front().peer().read("state") == null);
        bench.assertNothingMapped();
    }

    private static void detachInAgreement(BackendBench bench) {
        bench.connect();
        var done = bench.attached().detach(false);
        bench.awaitPeer(XenbusState.CLOSING);
        bench.exchange(1);
        bench.front().state(XenbusState.CLOSED);
        bench.await("detached", done::isDone);
        bench.assertNothingMapped();
    }

    private static void detachByForce(BackendBench bench) {
        bench.connect();
        bench.exchange(1);
        bench.detach();
    }

    private static void domainDies(BackendBench bench, long seed) {
        int steps = (int) (seed * 5);
        bench.front().offer();
        boolean more = true;
        for (int i = 0; i < steps && more; i++) {
            more = bench.machine().step();
            if (bench.front().peerState() == XenbusState.CONNECTED
                    && !bench.front().ring().isFull()) {
                bench.front().put(bench.sample());
                bench.front().push();
            }
        }
        bench.machine().kill(bench.guest());
        var done = bench.attached().domainDied();
        bench.await("nothing of the dead domain in use", done::isDone);
        bench.assertNothingMapped();
    }
}
