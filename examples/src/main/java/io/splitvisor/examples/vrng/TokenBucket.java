// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.examples.vrng;

/**
 * So many bytes a second, of which some may be saved up. Not thread-safe.
 *
 * <p>Whoever wants more than there is goes into debt, and is told how long it takes to pay back; meanwhile nobody gets
 * anything. So requests of any size are served in their order, and none starves.
 */
final class TokenBucket {
    private static final double NANOS_PER_SECOND = 1e9;

    private final long perSecond;
    private final long burst;
    private double tokens;
    private long updated;

    /**
     * @param perSecond bytes
     * @param burst most bytes that are saved up
     * @param now in nanoseconds
     */
    TokenBucket(long perSecond, long burst, long now) {
        this.perSecond = perSecond;
        this.burst = burst;
        this.tokens = burst;
        this.updated = now;
    }

    /** Takes bytes; answers in how many nanoseconds they may be used, 0 for at once. */
    long take(long bytes, long now) {
        double earned = (double) (now - updated) / NANOS_PER_SECOND * perSecond;
        tokens = Math.min((double) burst, tokens + earned) - bytes;
        updated = now;
        return tokens >= 0 ? 0 : (long) Math.ceil(-tokens / perSecond * NANOS_PER_SECOND);
    }
}
