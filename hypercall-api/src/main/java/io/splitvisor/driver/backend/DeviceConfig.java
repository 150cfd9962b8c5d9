// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.backend;

import java.util.Map;

/**
 * A device to be attached.
 *
 * @param frontendDomid whose it will be
 * @param devid its number in xenstore's paths
 * @param settings what the user said about it; also kept in the toolstack's own folder, where no domain can change it
 * @param frontendNodes nodes for the front end's folder, besides those that every device has
 * @param backendNodes nodes for the back end's folder, besides those that every device has and those that the driver offers
 */
public record DeviceConfig(
        int frontendDomid,
        int devid,
        Map<String, String> settings,
        Map<String, String> frontendNodes,
        Map<String, String> backendNodes) {
    private static final int FIRST_RESERVED_DOMID = 0x7ff0;

    /** Checks the ranges. */
    public DeviceConfig {
        if (frontendDomid < 0 || frontendDomid >= FIRST_RESERVED_DOMID) {
            throw new IllegalArgumentException("domid " + frontendDomid + " is out of range");
        }
        if (devid < 0) {
            throw new IllegalArgumentException("device number " + devid + " is out of range");
        }
        settings = Map.copyOf(settings);
        frontendNodes = Map.copyOf(frontendNodes);
        backendNodes = Map.copyOf(backendNodes);
    }

    /** A device with settings and no nodes of its own. */
    public static DeviceConfig of(int frontendDomid, int devid, Map<String, String> settings) {
        return new DeviceConfig(frontendDomid, devid, settings, Map.of(), Map.of());
    }

    /** A setting, or what stands for it where the user said nothing. */
    public String setting(String name, String otherwise) {
        return settings.getOrDefault(name, otherwise);
    }
}
