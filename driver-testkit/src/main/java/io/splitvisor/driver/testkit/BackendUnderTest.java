// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.testkit;

import io.splitvisor.driver.Protocol;
import io.splitvisor.driver.backend.BackendDriver;
import io.splitvisor.driver.backend.DeviceConfig;
import java.util.Map;
import java.util.function.BiConsumer;

/** A back end that answers requests, and that the conformance kit is to try. */
public interface BackendUnderTest extends TestedBackend {
    @Override
    Protocol protocol();

    /** Completes a request, of a declared kind and with an id already, so that it has to succeed. */
    void sample(Message request, MockFrontend frontend);

    /**
     * A driver of the kit.
     *
     * @param settings for its device
     * @param sample see {@link #sample}
     */
    static BackendUnderTest of(
            BackendDriver driver, Map<String, String> settings, BiConsumer<Message, MockFrontend> sample) {
        return new KitBackend(driver, settings, sample);
    }

    /** A driver of the kit. */
    record KitBackend(BackendDriver driver, Map<String, String> settings, BiConsumer<Message, MockFrontend> filler)
            implements BackendUnderTest {
        @Override
        public Protocol protocol() {
            return driver.protocol();
        }

        @Override
        public void sample(Message request, MockFrontend frontend) {
            filler.accept(request, frontend);
        }

        @Override
        public Attached attach(TestBackendDomain domain, int frontendDomid, int devid) {
            return TestedBackend.attach(driver, domain, DeviceConfig.of(frontendDomid, devid, settings));
        }
    }
}
