// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.testkit;

import io.splitvisor.abi.io.XenconsInterface;
import io.splitvisor.dom0.console.ConsoleDevice;
import io.splitvisor.dom0.console.ConsoleDriver;
import io.splitvisor.driver.frontend.FrontendSettings;
import java.util.Map;

/** The built-in console pair as the conformance kit wants it. */
final class ConsoleUnderTest {
    private ConsoleUnderTest() {}

    static ByteBackendUnderTest backend() {
        return ByteBackendUnderTest.of(
                XenconsInterface.PROTOCOL,
                domain -> new ConsoleDriver(config -> new ConsoleDevice(domain.control("console " + config.devid()))),
                Map.of());
    }

    static ByteFrontendUnderTest frontend() {
        return ByteFrontendUnderTest.of(XenconsInterface.PROTOCOL, FrontendSettings::new);
    }
}
