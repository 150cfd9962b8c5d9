// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.backend;

import io.splitvisor.driver.FeatureValues;

/** A front end that is connected to a device, and what was agreed with it. Thread-safe. */
public interface Connection {
    /** The front end's domain. */
    int frontendDomid();

    /** The device's number. */
    int devid();

    /** What both ends have and want. */
    FeatureValues features();

    /** How many queues there are. */
    int queues();

    /** Slots of each queue's ring: so many requests can be in flight on it. 0 where bytes are exchanged. */
    int slots();

    /**
     * Changes a node in the back end's folder that {@link ServedDevice#offer} wrote, for front ends that look again. Done
     * soon; not at all if the device is gone meanwhile.
     */
    void tell(String node, Object value);

    /** A line about what the front end did, for the log of its domain ({@code dmesg}). */
    void report(String line);
}
