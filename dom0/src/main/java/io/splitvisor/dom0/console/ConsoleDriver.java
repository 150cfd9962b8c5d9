// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.console;

import io.splitvisor.abi.io.XenconsInterface;
import io.splitvisor.driver.ByteProtocol;
import io.splitvisor.driver.backend.ByteDevice;
import io.splitvisor.driver.backend.ByteDriver;
import io.splitvisor.driver.backend.DeviceConfig;
import java.util.function.Function;

/**
 * Consoles besides the first, {@code device/console/1} and on, which a guest finds in xenstore as any other device.
 *
 * @param consoles the console of a device
 */
public record ConsoleDriver(Function<DeviceConfig, ? extends ByteDevice> consoles) implements ByteDriver {
    @Override
    public ByteProtocol protocol() {
        return XenconsInterface.PROTOCOL;
    }

    @Override
    public ByteDevice open(DeviceConfig config) {
        return consoles.apply(config);
    }
}
