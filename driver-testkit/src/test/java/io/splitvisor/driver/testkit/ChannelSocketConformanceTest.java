// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.testkit;

import io.splitvisor.abi.io.XenconsInterface;
import io.splitvisor.dom0.console.ChannelSocket;
import io.splitvisor.dom0.console.ConsoleDriver;
import io.splitvisor.driver.backend.DeviceConfig;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.io.TempDir;

/** A channel on a socket that nobody connects to. */
class ChannelSocketConformanceTest extends ByteBackendConformance {
    @TempDir
    private static Path folder;

    private final AtomicInteger sockets = new AtomicInteger();

    @Override
    protected ByteBackendUnderTest backend() {
        return ByteBackendUnderTest.of(
                XenconsInterface.PROTOCOL, domain -> new ConsoleDriver(config -> open(domain, config)), Map.of());
    }

    private ChannelSocket open(TestBackendDomain domain, DeviceConfig config) {
        return new ChannelSocket(
                folder.resolve("s" + sockets.incrementAndGet()), domain.control("console " + config.devid()));
    }
}
