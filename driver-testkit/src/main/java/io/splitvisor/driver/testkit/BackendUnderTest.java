// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.testkit;

import io.splitvisor.driver.Protocol;
import io.splitvisor.driver.backend.BackendDevices;
import io.splitvisor.driver.backend.BackendDriver;
import io.splitvisor.driver.backend.DeviceConfig;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;

/** A back end that the conformance kit is to try. It may be written on the driver kit, or not. */
public interface BackendUnderTest {
    /** What it speaks. */
    Protocol protocol();

    /** Attaches a device: both ends' nodes are there when this returns, and the back end waits for the front end. */
    Attached attach(TestBackendDomain domain, int frontendDomid, int devid);

    /** Completes a request, of a declared kind and with an id already, so that it has to succeed. */
    void sample(Message request, MockFrontend frontend);

    /** A device that was attached. */
    interface Attached {
        /**
         * Detaches it.
         *
         * @param force without asking the front end
         * @return done when it is gone
         */
        CompletableFuture<Void> detach(boolean force);

        /** The front end's domain is dead: done when nothing of it is used any more. */
        CompletableFuture<Void> domainDied();
    }

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
            BackendDevices devices = new BackendDevices(domain, domain.store(), (_, _) -> {});
            devices.attach(driver, DeviceConfig.of(frontendDomid, devid, settings));
            return new Attached() {
                @Override
                public CompletableFuture<Void> detach(boolean force) {
                    return devices.detach(protocol().type(), frontendDomid, devid, force);
                }

                @Override
                public CompletableFuture<Void> domainDied() {
                    return devices.domainDied(frontendDomid);
                }
            };
        }
    }
}
