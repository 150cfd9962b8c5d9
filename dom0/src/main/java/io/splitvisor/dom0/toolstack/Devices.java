// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.toolstack;

import io.splitvisor.dom0.config.VdevConfig;
import io.splitvisor.driver.backend.DeviceStatus;
import java.util.List;

/** The drivers of a Dom0, and the devices that they make. Throws as {@link Toolstack} does. */
public interface Devices {
    /** All drivers by type. */
    List<DriverInfo> drivers();

    /**
     * Loads the jar of a driver again; of {@code vbd}, which is in no jar, opens all stores again. Its devices change over while their guests run: requests wait, and are made again.
     *
     * @return the drivers that were in the jar
     * @throws ToolstackException NO_SUCH_DEVICE for a type without a driver, FAILED if the new one cannot be loaded or does not
     *     take the devices over
     */
    List<DriverInfo> reload(String type);

    /**
     * Gives a domain a device, also while it runs.
     *
     * @return its number
     * @throws ToolstackException NOT_SUPPORTED for a type without a driver, EXISTS if the domain has this device, TARGET if the
     *     driver cannot make it
     */
    int attach(int domid, VdevConfig device);

    /**
     * Takes a device away.
     *
     * @param force whether to take it even if the guest does not let go
     * @throws ToolstackException NO_SUCH_DEVICE, or TIMEOUT if the guest does not let go
     */
    void detach(int domid, String type, int devid, boolean force);

    /** All devices of a domain, its disks included, with what either end of them waits for. */
    List<DeviceStatus> status(int domid);

    /** The domain's devices by type and number, without its disks and its console. */
    List<DeviceInfo> list(int domid);
}
