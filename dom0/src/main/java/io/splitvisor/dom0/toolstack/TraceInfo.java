// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.toolstack;

import java.nio.file.Path;
import java.util.List;
import java.util.Objects;

/**
 * A trace, under way or just ended.
 *
 * @param running whether it is under way
 * @param file where it goes
 * @param domids the domains that are traced; empty for all, those to come too
 * @param records hypercalls and events in the file
 * @param dropped hypercalls and events that were lost, because the file could not keep up
 * @param bytes length of the file
 * @param failure why nothing is written any more; empty while all is well
 */
public record TraceInfo(
        boolean running, Path file, List<Integer> domids, long records, long dropped, long bytes, String failure) {
    /** Checks that nothing is null. */
    public TraceInfo {
        Objects.requireNonNull(file, "file");
        domids = List.copyOf(domids);
        Objects.requireNonNull(failure, "failure");
    }
}
