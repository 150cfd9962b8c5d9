// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.config;

import java.util.List;
import java.util.Objects;

/**
 * A good configuration, and what its user should know about it.
 *
 * @param config the configuration
 * @param warnings keys that are understood but not acted on, and the like
 */
public record ParsedConfig(DomainConfig config, List<Problem> warnings) {
    /** Copies the list. */
    public ParsedConfig {
        Objects.requireNonNull(config, "config");
        warnings = List.copyOf(warnings);
    }
}
