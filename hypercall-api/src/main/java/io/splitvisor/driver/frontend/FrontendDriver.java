// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.frontend;

import io.splitvisor.driver.DeviceProtocol;
import io.splitvisor.frontend.FrontendDomain;

/**
 * A front end that a guest runs for each of its devices of a type, whatever else it does: what a kernel module is elsewhere.
 * Found through {@link java.util.ServiceLoader} in the jars that {@code drivers} names in the guest's configuration, so an
 * implementation is public and has a public constructor without arguments. A front end that the guest's own code opens with
 * {@link Frontend#open} or {@link ByteFrontend#open} needs none of this.
 */
public interface FrontendDriver {
    /** What the two ends say to each other; its type says which devices this driver is for. */
    DeviceProtocol protocol();

    /**
     * A device is there. Called on one thread for all devices of all drivers: begins to connect, and waits for nothing.
     *
     * @return closed when the device is gone
     * @throws RuntimeException if it makes no sense of the device, which is left alone then
     */
    AutoCloseable open(FrontendDomain domain, int devid);
}
