// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.backend;

import io.splitvisor.driver.DeviceProtocol;

/** A kind of device that this domain can serve: with requests ({@link BackendDriver}), or with bytes ({@link ByteDriver}). */
public sealed interface DeviceDriver permits BackendDriver, ByteDriver {
    /** What the two ends say to each other. */
    DeviceProtocol protocol();

    /**
     * A device was attached: opens what it needs. Called before the front end is told about the device, and again when the
     * back end is reloaded. Any thread; may block.
     *
     * @throws DeviceException if it cannot be; the message is for whoever wanted to attach it
     */
    ServedDevice open(DeviceConfig config);
}
