// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.toolstack;

import io.splitvisor.dom0.config.DiskConfig;
import java.util.Objects;

/**
 * A virtual block device as it is at one moment; what {@code block-list} shows.
 *
 * @param devid the number in xenstore's paths, 51712 for xvda
 * @param backendDomid the domain that serves it
 * @param frontendDomid the domain that has it
 * @param state the front end's XenbusState, 1 to 8; -1 where it has none
 * @param eventChannel the front end's event channel, -1 where it has none (yet, or one for each queue)
 * @param ringRef the front end's ring reference, -1 where it has none
 * @param backendPath the back end's folder in xenstore, {@code /local/domain/0/backend/vbd/1/51712}
 * @param disk what it was made from
 */
public record BlockInfo(
        int devid,
        int backendDomid,
        int frontendDomid,
        int state,
        int eventChannel,
        int ringRef,
        String backendPath,
        DiskConfig disk) {
    /** Checks that nothing is null. */
    public BlockInfo {
        Objects.requireNonNull(backendPath, "backendPath");
        Objects.requireNonNull(disk, "disk");
    }
}
