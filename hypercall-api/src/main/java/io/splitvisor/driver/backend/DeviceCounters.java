// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.backend;

/**
 * What a device did since it was attached, over all its connections and queues.
 *
 * @param requests answered
 * @param failed of them with another status than success, as far as the framework knows
 * @param bytes that the driver said were moved
 * @param notificationsSent events sent to the front end
 * @param notificationsAvoided publications of responses for which the front end wanted no event
 */
public record DeviceCounters(
        long requests, long failed, long bytes, long notificationsSent, long notificationsAvoided) {
    static DeviceCounters of(long[] values) {
        return new DeviceCounters(
                values[QueueCounters.REQUESTS],
                values[QueueCounters.FAILED],
                values[QueueCounters.BYTES],
                values[QueueCounters.NOTIFICATIONS_SENT],
                values[QueueCounters.NOTIFICATIONS_AVOIDED]);
    }
}
