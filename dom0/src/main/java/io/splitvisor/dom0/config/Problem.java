// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.config;

import java.util.Objects;

/**
 * Something wrong with a configuration, or worth a warning.
 *
 * @param source where the text came from, as the user named it
 * @param line the line in it, from 1; 0 where the problem is with the whole (a missing key)
 * @param key the key concerned, empty where there is none (a syntax error)
 * @param message what is wrong and what was expected
 */
public record Problem(String source, int line, String key, String message) {
    /** Checks that nothing is null and the line is not negative. */
    public Problem {
        Objects.requireNonNull(source, "source");
        Objects.requireNonNull(key, "key");
        Objects.requireNonNull(message, "message");
        if (line < 0) {
            throw new IllegalArgumentException("line " + line);
        }
    }

    /** {@code FILE:LINE: KEY: MESSAGE}, without the parts that do not apply. */
    @Override
    public String toString() {
        var text = new StringBuilder(source);
        if (line > 0 && !source.equals(ConfigSource.COMMAND_LINE)) {
            text.append(':').append(line);
        }
        text.append(": ");
        if (!key.isEmpty()) {
            text.append(key).append(": ");
        }
        return text.append(message).toString();
    }
}
