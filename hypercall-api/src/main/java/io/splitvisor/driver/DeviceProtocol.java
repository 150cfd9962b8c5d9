// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver;

import java.util.List;

/** What the two ends of a device type say to each other: requests and responses, or two streams of bytes. Immutable. */
public sealed interface DeviceProtocol permits Protocol, ByteProtocol {
    /** The device type: the folder's name in xenstore. */
    String type();

    /** The version, from 1; 0 if none is told. */
    int version();

    /** What the ends tell each other. */
    List<Feature> features();

    /** Most queues, 1 or more. */
    int queues();

    /** Largest order of a ring's pages, from 0. */
    int ringPageOrder();

    /** The front end's node that names its event channel. */
    default String portNode() {
        return "event-channel";
    }
}
