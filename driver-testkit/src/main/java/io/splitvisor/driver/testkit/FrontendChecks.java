// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.splitvisor.abi.io.XenbusState;
import io.splitvisor.driver.Feature;
import io.splitvisor.driver.Field;
import io.splitvisor.driver.Status;
import io.splitvisor.driver.testkit.FrontendUnderTest.Exchange;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Consumer;

/** What a front end is held against. */
final class FrontendChecks {
    static final List<Check> ALL = List.of(
            new Check("makes requests", bench -> {
                bench.connect();
                bench.exchange(3 * bench.protocol().slots(1));
                bench.end();
            }),
            new Check("takes answers in any order", FrontendChecks::anyOrder),
            new Check("tells of errors and goes on", FrontendChecks::errors),
            new Check("gives up a back end with an impossible index", FrontendChecks::impossibleIndex),
            new Check("gives up a back end that answers another id", FrontendChecks::otherId),
            new Check("gives up a back end that answers twice", FrontendChecks::twice),
            new Check("never uses a page that the back end keeps", FrontendChecks::keptPages),
            new Check("comes back to a back end that comes back", FrontendChecks::comeBack),
            new Check("comes back to a back end that died", FrontendChecks::restart),
            new Check("goes with a device that goes", FrontendChecks::goes),
            new Check("gives up when it is not connected in time", FrontendChecks::neverConnects),
            new Check("gives up a back end whose states are none", FrontendChecks::badStates),
            new Check("gives up a back end whose features are none", FrontendChecks::badFeatures),
            new Check("survives events without work", FrontendChecks::eventStorm),
            new Check("closes while it connects", FrontendChecks::closeEarly),
            new Check("closes with requests in flight", FrontendChecks::closeBusy));

    private static final int EVENTS = 200;

    /** A check. */
    record Check(String name, Consumer<FrontendBench> run) {}

    private FrontendChecks() {}

    private static void anyOrder(FrontendBench bench) {
        bench.connect();
        List<Exchange> made = bench.submit(8);
        List<Message> requests = new ArrayList<>();
        for (int i = 0; i < made.size(); i++) {
            requests.add(bench.take());
        }
        Collections.reverse(requests);
        requests.forEach(request -> bench.back().respond(bench.back().responseTo(request)));
        for (Exchange exchange : made) {
            bench.await("an answer", exchange::isDone);
            assertTrue(exchange.succeeded());
        }
        bench.end();
    }

    private static void errors(FrontendBench bench) {
        if (bench.protocol().status().isEmpty()) {
            return;
        }
        Status status = bench.protocol().status().get();
        bench.connect();
        for (long value : new long[] {status.error(), status.unsupported()}) {
            Exchange exchange = bench.front().submit();
            bench.back().respond(bench.back().responseTo(bench.take()).set(status.field(), value));
            bench.await("an answer", exchange::isDone);
            assertFalse(exchange.succeeded());
            assertTrue(bench.front().isConnected(), "an error is no reason to go");
        }
        bench.exchange(2);
        bench.end();
    }

    private static void impossibleIndex(FrontendBench bench) {
        bench.connect();
        Exchange exchange = bench.front().submit();
        bench.take();
        bench.back().publish(bench.protocol().slots(1) + 1);
        bench.back().kick();
        bench.assertGivenUp(exchange);
    }

    private static void otherId(FrontendBench bench) {
        Field.Scalar id = bench.protocol().responseId();
        bench.connect();
        Exchange exchange = bench.front().submit();
        Message response = bench.back().responseTo(bench.take());
        bench.back().respond(response.set(id, response.get(id) ^ 1));
        bench.assertGivenUp(exchange);
    }

    private static void twice(FrontendBench bench) {
        bench.connect();
        Exchange first = bench.front().submit();
        Message request = bench.take();
        bench.back().respond(bench.back().responseTo(request));
        bench.await("the first answer", first::isDone);
        assertTrue(first.succeeded());
        Exchange second = bench.front().submit();
        bench.take();
        bench.back().respond(bench.back().responseTo(request));
        bench.assertGivenUp(second);
    }

    private static void keptPages(FrontendBench bench) {
        bench.connect();
        Exchange exchange = bench.front().submit();
        Message request = bench.take();
        List<Integer> refs = new ArrayList<>();
        for (Field field : request.struct().fields()) {
            if (field instanceof Field.Gref gref && request.get(gref) != 0) {
                int ref = (int) request.get(gref);
                if (bench.back().mappings().map(ref, false) >= 0) {
                    refs.add(ref);
                }
            }
        }
        bench.back().respond(bench.back().responseTo(request));
        bench.await("an end", exchange::isDone);
        var done = bench.front().close();
        bench.await("closed", done::isDone);
        for (int ref : refs) {
            assertTrue(bench.guest().grants().inUse(ref), "a mapped page was granted to somebody else");
        }
        bench.back().disconnect();
        bench.machine().advance(Duration.ofSeconds(3));
        assertEquals(0, bench.guest().grants().deferred());
    }

    private static void comeBack(FrontendBench bench) {
        bench.connect();
        for (int i = 0; i < 3; i++) {
            bench.exchange(2);
            bench.back().hold();
            Exchange waiting = bench.front().submit();
            bench.back().state(XenbusState.CLOSING);
            bench.awaitPeer(XenbusState.CLOSED);
            bench.back().disconnect();
            bench.back().state(XenbusState.CLOSED);
            bench.awaitPeer(XenbusState.INITIALISING);
            bench.back().state(XenbusState.INIT_WAIT);
            bench.accept();
            bench.back().serve(FrontendBench.AGREES);
            bench.await("an end", waiting::isDone);
            assertEquals(bench.protocol().replayed(), waiting.succeeded(), "made again or not, as declared");
        }
        bench.end();
    }

    private static void restart(FrontendBench bench) {
        bench.connect();
        bench.exchange(2);
        bench.back().hold();
        Exchange waiting = bench.front().submit();
        bench.take();
        bench.back().disconnect();
        bench.back().state(XenbusState.INIT_WAIT);
        bench.accept();
        bench.back().serve(FrontendBench.AGREES);
        bench.await("an end", waiting::isDone);
        assertEquals(bench.protocol().replayed(), waiting.succeeded(), "made again or not, as declared");
        bench.exchange(2);
        bench.end();
    }

    private static void goes(FrontendBench bench) {
        bench.connect();
        bench.exchange(1);
        bench.back().hold();
        Exchange waiting = bench.front().submit();
        bench.back().write("online", 0);
        bench.back().state(XenbusState.CLOSING);
        bench.awaitPeer(XenbusState.CLOSED);
        bench.back().disconnect();
        bench.back().state(XenbusState.CLOSED);
        bench.await("the request to fail", waiting::isDone);
        assertFalse(waiting.succeeded());
        assertFalse(bench.front().isConnected());
        bench.back().detach();
        bench.machine().run();
        var done = bench.front().close();
        bench.await("closed", done::isDone);
    }

    private static void neverConnects(FrontendBench bench) {
        bench.open();
        Exchange waiting = bench.front().submit();
        bench.awaitPeer(XenbusState.INITIALISED);
        bench.await(
                "Closing or Closed",
                () -> bench.back().peerState() == XenbusState.CLOSING
                        || bench.back().peerState() == XenbusState.CLOSED);
        bench.assertGivenUp(waiting);
    }

    private static void badStates(FrontendBench bench) {
        bench.connect();
        Exchange waiting = bench.front().submit();
        bench.take();
        bench.back().write("state", "abc");
        bench.assertGivenUp(waiting);
    }

    private static void badFeatures(FrontendBench bench) {
        List<String> nodes = new ArrayList<>();
        for (Feature feature : bench.protocol().features()) {
            nodes.add(feature.name());
        }
        if (nodes.isEmpty()) {
            return;
        }
        bench.back().write(nodes.getFirst(), "abc");
        bench.open();
        Exchange waiting = bench.front().submit();
        bench.machine().runUntil(() -> bench.back().peerState() == XenbusState.INITIALISED, Duration.ofSeconds(1));
        if (bench.back().peerState() == XenbusState.INITIALISED) {
            bench.back().connect();
        }
        bench.assertGivenUp(waiting);
    }

    private static void eventStorm(FrontendBench bench) {
        bench.connect();
        for (int i = 0; i < EVENTS; i++) {
            bench.back().kick();
            bench.machine().step();
        }
        bench.exchange(2);
        bench.end();
    }

    private static void closeEarly(FrontendBench bench) {
        bench.open();
        Exchange waiting = bench.front().submit();
        bench.awaitPeer(XenbusState.INITIALISED);
        var done = bench.front().close();
        bench.await("closed", done::isDone);
        bench.await("the request to fail", waiting::isDone);
        assertFalse(waiting.succeeded());
    }

    private static void closeBusy(FrontendBench bench) {
        bench.connect();
        List<Exchange> made = bench.submit(4);
        bench.take();
        var done = bench.front().close();
        bench.await("closed", done::isDone);
        for (Exchange exchange : made) {
            assertTrue(exchange.isDone(), "a request is in flight after the end");
        }
        assertEquals(XenbusState.CLOSED, bench.back().peerState());
        bench.back().disconnect();
    }
}
