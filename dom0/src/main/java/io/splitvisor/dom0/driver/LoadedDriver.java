// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.driver;

import io.splitvisor.dom0.toolstack.DriverInfo;
import io.splitvisor.driver.backend.DeviceDriver;

/**
 * A back end that devices can be made with.
 *
 * @param driver the back end
 * @param version the jar's Implementation-Version; {@code -} if it does not say
 * @param source the jar, or the folder of classes
 */
public record LoadedDriver(DeviceDriver driver, String version, String source) {
    /** What listings show. */
    public DriverInfo info() {
        return new DriverInfo(
                type(),
                driver.protocol().version(),
                version,
                source,
                driver.getClass().getName());
    }

    /** The device type. */
    public String type() {
        return driver.protocol().type();
    }
}
