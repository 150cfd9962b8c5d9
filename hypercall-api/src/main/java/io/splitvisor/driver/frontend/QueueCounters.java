// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.frontend;

/**
 * What the queues of a device did so far.
 *
 * @param requests answered
 * @param bytes moved
 * @param notificationsSent events sent to the back end
 * @param upcalls events that came from it
 * @param sleeps waits that had to sleep
 */
public record QueueCounters(long requests, long bytes, long notificationsSent, long upcalls, long sleeps) {
    /** The sum of both. */
    public QueueCounters plus(QueueCounters other) {
        return new QueueCounters(
                requests + other.requests,
                bytes + other.bytes,
                notificationsSent + other.notificationsSent,
                upcalls + other.upcalls,
                sleeps + other.sleeps);
    }
}
