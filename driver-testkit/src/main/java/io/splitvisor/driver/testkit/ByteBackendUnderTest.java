// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.testkit;

import io.splitvisor.driver.ByteProtocol;
import io.splitvisor.driver.backend.ByteDriver;
import io.splitvisor.driver.backend.DeviceConfig;
import java.util.Map;
import java.util.function.Function;

/** A back end that exchanges bytes, and that the conformance kit is to try. It takes whatever its front end writes. */
public interface ByteBackendUnderTest extends TestedBackend {
    @Override
    ByteProtocol protocol();

    /**
     * A driver of the kit.
     *
     * @param drivers the driver, in a domain
     * @param settings for its device
     */
    static ByteBackendUnderTest of(
            ByteProtocol protocol, Function<TestBackendDomain, ByteDriver> drivers, Map<String, String> settings) {
        return new KitBackend(protocol, drivers, settings);
    }

    /** A driver of the kit. */
    record KitBackend(
            ByteProtocol protocol, Function<TestBackendDomain, ByteDriver> drivers, Map<String, String> settings)
            implements ByteBackendUnderTest {
        @Override
        public Attached attach(TestBackendDomain domain, int frontendDomid, int devid) {
            return TestedBackend.attach(drivers.apply(domain), domain, DeviceConfig.of(frontendDomid, devid, settings));
        }
    }
}
