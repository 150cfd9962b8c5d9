// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.frontend;

import io.splitvisor.driver.Feature;
import io.splitvisor.driver.Protocol;
import io.splitvisor.xenbus.TimeLimits;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;

/**
 * What a front end asks for; the back end's limits apply on top. Set once, then given to {@link Frontend#open}.
 *
 * <p>Unless said otherwise: one queue of one page, the features as they are declared, the default time limits.
 */
public final class FrontendSettings {
    private static final int MOST_IN_LINE = 1 << 20;

    private final Map<Feature, Long> features = new HashMap<>();
    private int queues = 1;
    private int ringPageOrder;
    private int lineLimit = 1024;
    private TimeLimits limits = TimeLimits.defaults();
    private FrontendHooks hooks = new FrontendHooks() {};
    private Consumer<String> log = line -> {};

    /** How many queues to use. */
    public FrontendSettings queues(int count) {
        queues = check("queues", count, 1, Protocol.MAX_QUEUES);
        return this;
    }

    /** Two to the power of this many pages for each ring. */
    public FrontendSettings ringPageOrder(int order) {
        ringPageOrder = check("ring page order", order, 0, Protocol.MAX_RING_PAGE_ORDER);
        return this;
    }

    /** Whether to want a flag. */
    public FrontendSettings feature(Feature.Flag flag, boolean wanted) {
        features.put(flag, wanted ? 1L : 0L);
        return this;
    }

    /** The most to want of a number. */
    public FrontendSettings feature(Feature.Numeric number, long most) {
        if (most < number.smallest() || most > number.largest()) {
            throw new IllegalArgumentException(
                    number.name() + " " + most + " is not from " + number.smallest() + " to " + number.largest());
        }
        features.put(number, most);
        return this;
    }

    /** How many calls may wait in line on a queue before {@link FrontQueue#trySubmit} refuses; 1024 unless said. */
    public FrontendSettings lineLimit(int calls) {
        lineLimit = check("line limit", calls, 1, MOST_IN_LINE);
        return this;
    }

    /** How long to wait for the back end. */
    public FrontendSettings limits(TimeLimits waits) {
        limits = waits;
        return this;
    }

    /** Who is told about the connection. */
    public FrontendSettings hooks(FrontendHooks told) {
        hooks = told;
        return this;
    }

    /** Where lines about losing and regaining the connection go. */
    public FrontendSettings log(Consumer<String> lines) {
        log = lines;
        return this;
    }

    private static int check(String what, int value, int smallest, int largest) {
        if (value < smallest || value > largest) {
            throw new IllegalArgumentException(what + " " + value + " is not from " + smallest + " to " + largest);
        }
        return value;
    }

    /** The most that this end wants of a feature: of what the back end alone says, anything, unless it was set. */
    long wanted(Feature feature) {
        Long set = features.get(feature);
        if (set != null) {
            return set;
        }
        if (feature.teller() == Feature.Teller.BACKEND) {
            return Long.MAX_VALUE;
        }
        return switch (feature) {
            case Feature.Flag flag -> flag.offered() ? 1 : 0;
            case Feature.Numeric number -> number.offered();
        };
    }

    int queues() {
        return queues;
    }

    int ringPageOrder() {
        return ringPageOrder;
    }

    int lineLimit() {
        return lineLimit;
    }

    TimeLimits limits() {
        return limits;
    }

    FrontendHooks hooks() {
        return hooks;
    }

    Consumer<String> log() {
        return log;
    }
}
