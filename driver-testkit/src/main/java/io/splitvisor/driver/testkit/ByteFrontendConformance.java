// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.testkit;

import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.TestFactory;

/**
 * What every front end of bytes has to do, with back ends that behave and back ends that do not. To be extended by a test class of the
 * driver; each check is run in several orders of events, and its name with the seed of the order is the test's.
 */
public abstract class ByteFrontendConformance {
    /** What is to be tried; asked for anew for each test. */
    protected abstract ByteFrontendUnderTest frontend();

    /** In how many orders each check is run. */
    protected int orders() {
        return 8;
    }

    /** The checks. */
    @TestFactory
    final Stream<DynamicNode> conformance() {
        return Check.tests(
                orders(),
                order -> new ByteFrontendBench(frontend(), order),
                ByteFrontendChecks.ALL,
                ReconnectionChecks.ALL);
    }
}
