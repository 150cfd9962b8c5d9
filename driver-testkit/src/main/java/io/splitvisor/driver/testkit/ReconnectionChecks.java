// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.splitvisor.abi.io.XenbusState;
import io.splitvisor.driver.Feature;
import io.splitvisor.driver.testkit.TestedFrontend.Exchange;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** What every front end is held against, whatever it exchanges. */
final class ReconnectionChecks {
    static final List<Check<FrontendBench<?>>> ALL = List.of(
            Check.of("comes back to a back end that comes back", ReconnectionChecks::comeBack),
            Check.of("comes back to a back end that died", ReconnectionChecks::restart),
            Check.of("goes with a device that goes", ReconnectionChecks::goes),
            Check.of("gives up when it is not connected in time", ReconnectionChecks::neverConnects),
            Check.of("gives up a back end whose states are none", ReconnectionChecks::badStates),
            Check.of("gives up a back end whose features are none", ReconnectionChecks::badFeatures),
            Check.of("survives events without work", ReconnectionChecks::eventStorm),
            Check.of("closes while it connects", ReconnectionChecks::closeEarly),
            Check.of("closes with requests in flight", ReconnectionChecks::closeBusy));

    private static final int EVENTS = 200;

    private ReconnectionChecks() {}

    private static void comeBack(FrontendBench<?> bench) {
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
            bench.back().serve();
            bench.await("an end", waiting::isDone);
            assertEquals(bench.isReplayed(), waiting.succeeded(), "made again or not, as declared");
        }
        bench.end();
    }

    private static void restart(FrontendBench<?> bench) {
        bench.connect();
        bench.exchange(2);
        bench.back().hold();
        Exchange waiting = bench.front().submit();
        bench.awaitArrival();
        bench.back().disconnect();
        bench.back().state(XenbusState.INIT_WAIT);
        bench.accept();
        bench.back().serve();
        bench.await("an end", waiting::isDone);
        assertEquals(bench.isReplayed(), waiting.succeeded(), "made again or not, as declared");
        bench.exchange(2);
        bench.end();
    }

    private static void goes(FrontendBench<?> bench) {
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

    private static void neverConnects(FrontendBench<?> bench) {
        bench.open();
        Exchange waiting = bench.front().submit();
        bench.awaitPeer(XenbusState.INITIALISED);
        bench.await(
                "Closing or Closed",
                () -> bench.back().peerState() == XenbusState.CLOSING
                        || bench.back().peerState() == XenbusState.CLOSED);
        bench.assertGivenUp(waiting);
    }

    private static void badStates(FrontendBench<?> bench) {
        bench.connect();
        Exchange waiting = bench.front().submit();
        bench.awaitArrival();
        bench.back().write("state", "abc");
        bench.assertGivenUp(waiting);
    }

    private static void badFeatures(FrontendBench<?> bench) {
        List<String> nodes = new ArrayList<>();
        for (Feature feature : bench.declared().features()) {
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

    private static void eventStorm(FrontendBench<?> bench) {
        bench.connect();
        for (int i = 0; i < EVENTS; i++) {
            bench.back().kick();
            bench.machine().step();
        }
        bench.exchange(2);
        bench.end();
    }

    private static void closeEarly(FrontendBench<?> bench) {
        bench.open();
        Exchange waiting = bench.front().submit();
        bench.awaitPeer(XenbusState.INITIALISED);
        var done = bench.front().close();
        bench.await("closed", done::isDone);
        bench.await("the request to fail", waiting::isDone);
        assertFalse(waiting.succeeded());
    }

    private static void closeBusy(FrontendBench<?> bench) {
        bench.connect();
        List<Exchange> made = bench.submit(4);
        bench.awaitArrival();
        var done = bench.front().close();
        bench.await("closed", done::isDone);
        for (Exchange exchange : made) {
            assertTrue(exchange.isDone(), "a request is in flight after the end");
        }
        assertEquals(XenbusState.CLOSED, bench.back().peerState());
        bench.back().disconnect();
    }
}
