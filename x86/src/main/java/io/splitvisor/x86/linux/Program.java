// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.x86.linux;

import java.util.List;

/**
 * What is to be run. Texts are bytes, one a character (ISO 8859-1), for the kernel knows no character sets.
 *
 * @param path the file
 * @param arguments its own name first
 * @param environment {@code NAME=value}
 */
public record Program(String path, List<String> arguments, List<String> environment) {
    /** Copies the lists. */
    public Program {
        arguments = List.copyOf(arguments);
        environment = List.copyOf(environment);
    }
}
