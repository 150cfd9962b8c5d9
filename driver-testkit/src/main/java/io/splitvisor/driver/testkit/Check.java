// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.testkit;

import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.DynamicTest;

/**
 * Something that a driver is held against.
 *
 * @param <B> the bench that it is done on
 * @param run with the seed, for those that want one
 */
record Check<B extends AutoCloseable>(String name, BiConsumer<? super B, Long> run) {
    static <B extends AutoCloseable> Check<B> of(String name, Consumer<? super B> run) {
        return new Check<>(name, (bench, _) -> run.accept(bench));
    }

    /** Each check in several orders of events, on a bench of its own. */
    static <B extends AutoCloseable> Stream<DynamicNode> tests(
            int orders,
            Function<Order, B> benches,
            List<? extends Check<? super B>> own,
            List<? extends Check<? super B>> shared) {
        return Stream.concat(own.stream(), shared.stream())
                .map(check -> DynamicContainer.dynamicContainer(
                        check.name(), LongStream.range(0, orders).mapToObj(seed -> test(check, seed, benches))));
    }

    private static <B extends AutoCloseable> DynamicTest test(
            Check<? super B> check, long seed, Function<Order, B> benches) {
        Order order = Order.seeded(seed);
        return DynamicTest.dynamicTest(check.name() + ", " + order, () -> {
            B bench = benches.apply(order);
            try {
                check.run().accept(bench, seed);
            } finally {
                bench.close();
            }
        });
    }
}
