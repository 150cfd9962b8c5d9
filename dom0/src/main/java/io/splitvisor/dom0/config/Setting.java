// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.config;

import java.nio.file.Path;
import java.util.Objects;

/**
 * One {@code key = value}, and where it stands.
 *
 * @param key the key
 * @param value the value
 * @param source what messages call the text that it stands in
 * @param folder what relative paths in the value are relative to: the file's folder, or the user's for the command line
 * @param before the setting of the same key that it replaced; null where there was none
 */
public record Setting(String key, Value value, String source, Path folder, Setting before) {
    /** Checks that nothing but {@code before} is null. */
    public Setting {
        Objects.requireNonNull(key, "key");
        Objects.requireNonNull(value, "value");
        Objects.requireNonNull(source, "source");
        Objects.requireNonNull(folder, "folder");
    }

    /** A problem with this setting. */
    public Problem problem(String message) {
        return new Problem(source, value.line(), key, message);
    }
}
