// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.splitvisor.driver.Field;
import io.splitvisor.driver.Status;
import io.splitvisor.driver.testkit.TestedFrontend.Exchange;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** What a front end that makes requests is held against, besides {@link ReconnectionChecks}. */
final class FrontendChecks {
    static final List<Check<RequestFrontendBench>> ALL = List.of(
            Check.of("makes requests", bench -> {
                bench.connect();
                bench.exchange(3 * bench.protocol().slots(1));
                bench.end();
            }),
            Check.of("takes answers in any order", FrontendChecks::anyOrder),
            Check.of("tells of errors and goes on", FrontendChecks::errors),
            Check.of("gives up a back end with an impossible index", FrontendChecks::impossibleIndex),
            Check.of("gives up a back end that answers another id", FrontendChecks::otherId),
            Check.of("gives up a back end that answers twice", FrontendChecks::twice),
            Check.of("never uses a page that the back end keeps", FrontendChecks::keptPages));

    private FrontendChecks() {}

    private static void anyOrder(RequestFrontendBench bench) {
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

    private static void errors(RequestFrontendBench bench) {
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

    private static void impossibleIndex(RequestFrontendBench bench) {
        bench.connect();
        Exchange exchange = bench.front().submit();
        bench.take();
        bench.back().publish(bench.protocol().slots(1) + 1);
        bench.back().kick();
        bench.assertGivenUp(exchange);
    }

    private static void otherId(RequestFrontendBench bench) {
        Field.Scalar id = bench.protocol().responseId();
        bench.connect();
        Exchange exchange = bench.front().submit();
        Message response = bench.back().responseTo(bench.take());
        bench.back().respond(response.set(id, response.get(id) ^ 1));
        bench.assertGivenUp(exchange);
    }

    private static void twice(RequestFrontendBench bench) {
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

    private static void keptPages(RequestFrontendBench bench) {
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
}
