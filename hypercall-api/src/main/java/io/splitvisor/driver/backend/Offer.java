// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.backend;

import io.splitvisor.driver.DeviceProtocol;
import io.splitvisor.driver.Feature;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;

/** What a device offers its front end: what the protocol declares, unless the driver changes it in {@link ServedDevice#offer}. */
public final class Offer {
    private final DeviceProtocol protocol;
    private final Map<Feature, Long> features = new HashMap<>();
    private final Map<String, String> nodes = new LinkedHashMap<>();
    private int queues;
    private int ringPageOrder;
    private int keptGrants = 1056;

    Offer(DeviceProtocol protocol) {
        this.protocol = protocol;
        this.queues = protocol.queues();
        this.ringPageOrder = protocol.ringPageOrder();
    }

    /** Whether to offer a flag. */
    public Offer feature(Feature.Flag flag, boolean on) {
        return put(flag, on ? 1 : 0);
    }

    /** Which number to offer, within what is declared. */
    public Offer feature(Feature.Numeric number, long value) {
        if (value < number.smallest() || value > number.largest()) {
            throw new IllegalArgumentException(
                    number.name() + " " + value + " is not from " + number.smallest() + " to " + number.largest());
        }
        return put(number, value);
    }

    private Offer put(Feature feature, long value) {
        if (!protocol.features().contains(feature)) {
            throw new IllegalArgumentException(protocol.type() + " declares no feature " + feature.name());
        }
        features.put(feature, value);
        return this;
    }

    /** A node in the back end's folder that is nothing to agree on, such as a size. */
    public Offer node(String name, Object value) {
        nodes.put(name, String.valueOf(value));
        return this;
    }

    /** The most queues, up to what is declared. */
    public Offer queues(int most) {
        queues = check("queues", most, 1, protocol.queues());
        return this;
    }

    /** The largest order of a ring's pages, up to what is declared. */
    public Offer ringPageOrder(int largest) {
        ringPageOrder = check("ring page order", largest, 0, protocol.ringPageOrder());
        return this;
    }

    /** How many mappings are kept for each queue where grants are persistent; 1056 unless said. */
    public Offer keptGrants(int most) {
        keptGrants = check("kept grants", most, 1, 1 << 15);
        return this;
    }

    private static int check(String what, int value, int smallest, int largest) {
        if (value < smallest || value > largest) {
            throw new IllegalArgumentException(what + " " + value + " is not from " + smallest + " to " + largest);
        }
        return value;
    }

    DeviceProtocol protocol() {
        return protocol;
    }

    /** What a feature is offered as. */
    long value(Feature feature) {
        Long changed = features.get(feature);
        if (changed != null) {
            return changed;
        }
        return switch (feature) {
            case Feature.Flag flag -> flag.offered() ? 1 : 0;
            case Feature.Numeric number -> number.offered();
        };
    }

    Map<String, String> nodes() {
        return Collections.unmodifiableMap(nodes);
    }

    int queues() {
        return queues;
    }

    int ringPageOrder() {
        return ringPageOrder;
    }

    int keptGrants() {
        return keptGrants;
    }
}
