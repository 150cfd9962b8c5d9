// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.splitvisor.driver.testkit.TestedFrontend.Exchange;
import io.splitvisor.driver.testkit.TestedFrontend.Opened;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * A front end and a back end with each other, and any faults while requests are made: whatever went wrong, both can be taken
 * away, every request comes to an end, and nothing stays mapped or granted. To be extended by a test class of the driver.
 * Each run is named by its seed and its plan, which repeat it.
 */
public abstract class FaultEndurance {
    private static final int FAULTS = 3;
    private static final int REQUESTS = 20;
    private static final int POKE_EVERY = 5;

    /** The back end; asked for anew for each test. */
    protected abstract TestedBackend backend();

    /** The front end; asked for anew for each test. */
    protected abstract TestedFrontend frontend();

    /** How many plans are tried. */
    protected int plans() {
        return 300;
    }

    /** The runs. */
    @TestFactory
    final Stream<DynamicTest> endurance() {
        return LongStream.range(0, plans()).mapToObj(this::run);
    }

    private DynamicTest run(long seed) {
        FaultPlan plan = FaultPlan.random(seed, FAULTS);
        return DynamicTest.dynamicTest("seed " + seed + ": " + plan, () -> {
            try (Pair pair = new Pair(backend(), frontend(), Order.seeded(seed), plan)) {
                List<Exchange> made = work(pair);
                end(pair, made);
            }
        });
    }

    /** Makes requests, some before anything else has happened; those of the front end that is left. */
    private static List<Exchange> work(Pair pair) {
        List<Exchange> made = new ArrayList<>();
        Opened front = pair.front();
        for (int i = 0; i < REQUESTS && pair.isAlive(End.FRONT); i++) {
            if (!front.equals(pair.front())) {
                front = pair.front();
                made.clear();
            }
            made.add(front.submit());
            pair.machine().advance(Duration.ofMillis(100));
            front.poll();
            if (i % POKE_EVERY == 0) {
                pair.machine().poke();
            }
        }
        pair.machine().advance(Duration.ofMinutes(2));
        return front.equals(pair.front()) ? made : List.of();
    }

    private static void end(Pair pair, List<Exchange> made) {
        Machine machine = pair.machine();
        if (pair.isAlive(End.BACK)) {
            var detached = pair.back().detach(true);
            machine.await("the back end is taken away", detached::isDone, Pair.LIMIT);
        }
        if (pair.isAlive(End.FRONT)) {
            Opened front = pair.front();
            var closed = front.close();
            machine.await("the front end is taken away", closed::isDone, Pair.LIMIT);
            for (Exchange exchange : made) {
                machine.await(
                        "every request is over",
                        () -> {
                            front.poll();
                            return exchange.isDone();
                        },
                        Pair.LIMIT);
            }
            machine.advance(Duration.ofSeconds(3));
            assertEquals(0, pair.guest().grants().deferred(), () -> "grants that never end" + machine.describe());
        }
        assertEquals(0, pair.guest().domain().grants().inUse(), () -> "pages still mapped" + machine.describe());
    }
}
