// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.toolstack;

import java.util.Map;
import java.util.Optional;

/**
 * A device of a driver as it is at one moment; what {@code device-list} shows.
 *
 * @param type the driver's device type
 * @param devid the number in xenstore's paths
 * @param backendDomid the domain that serves it
 * @param frontendDomid the domain that has it
 * @param backendState the back end's XenbusState, 1 to 8
 * @param frontendState the front end's, 0 where it says nothing
 * @param backendPath the back end's folder in xenstore
 * @param error what keeps it from working
 * @param settings what it was made with
 */
public record DeviceInfo(
        String type,
        int devid,
        int backendDomid,
        int frontendDomid,
        int backendState,
        int frontendState,
        String backendPath,
        Optional<String> error,
        Map<String, String> settings) {}
