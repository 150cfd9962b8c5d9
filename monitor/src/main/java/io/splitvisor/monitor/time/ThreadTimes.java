// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.time;

/**
 * What the host's scheduler says of a thread.
 *
 * @param running nanoseconds that it has run
 * @param runnable nanoseconds that it could have run, and waited for a processor
 */
public record ThreadTimes(long running, long runnable) {}
