// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.xenbus;

import java.time.Duration;

/**
 * How long an end of a device waits in each state before it goes on without the other. Waiting for a front end that has not
 * come yet has no limit: a guest need not have a driver.
 *
 * @param connect for the other end to take part in connecting
 * @param close for the other end to close
 * @param drain for requests in flight
 * @param hook for a driver's hook to return
 * @param comeBack for a back end that has closed but will be back
 */
public record TimeLimits(Duration connect, Duration close, Duration drain, Duration hook, Duration comeBack) {
    private static final TimeLimits DEFAULTS = new TimeLimits(
            Duration.ofSeconds(30),
            Duration.ofSeconds(30),
            Duration.ofSeconds(30),
            Duration.ofSeconds(5),
            Duration.ofMinutes(10));

    /** Checks that all are positive. */
    public TimeLimits {
        for (Duration limit : new Duration[] {connect, close, drain, hook, comeBack}) {
            if (limit.isNegative() || limit.isZero()) {
                throw new IllegalArgumentException("a time limit of " + limit);
            }
        }
    }

    /** What suits people and hosts that are busy at times. */
    public static TimeLimits defaults() {
        return DEFAULTS;
    }
}
