// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.config;

import java.util.Objects;

/**
 * One {@code key = value}, and where it stands.
 *
 * @param key the key
 * @param value the value
 * @param source what messages call the text that it stands in
 * @param before the setting of the same key that it replaced; null where there was none
 */
public record Setting(String key, Value value, String source, Setting before) {
    /** Checks that nothing but {@code before} is null. */
    public Setting {
        Objects.requireNonNull(key, "key");
        Objects.requireNonNull(value, "value");
        Objects.requireNonNull(source, "source");
    }

    /** A problem with this setting. */
    public Problem problem(String message) {
        return new Problem(source, value.line(), key, message);
    }
}
