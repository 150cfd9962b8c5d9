// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver;

import java.util.Map;

/** What the two ends of a device agreed on, each value within what its declaration allows. */
public final class FeatureValues {
    private final Map<Feature, Long> values;

    /** @param values of all the features of a protocol; a flag is 0 or 1 */
    public FeatureValues(Map<Feature, Long> values) {
        this.values = Map.copyOf(values);
    }

    /** Whether a flag holds. */
    public boolean has(Feature.Flag flag) {
        return value(flag) != 0;
    }

    /** The number that was agreed on. */
    public long get(Feature.Numeric number) {
        return value(number);
    }

    /** Whether the protocol has a flag of this name, and it holds. */
    public boolean has(String name) {
        return values.entrySet().stream()
                .anyMatch(entry -> entry.getKey().name().equals(name) && entry.getValue() != 0);
    }

    /** The value of a feature; a flag's is 0 or 1. */
    public long value(Feature feature) {
        Long value = values.get(feature);
        if (value == null) {
            throw new IllegalArgumentException("the protocol declares no feature " + feature.name());
        }
        return value;
    }

    @Override
    public String toString() {
        return values.toString();
    }
}
