// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.testkit;

import io.splitvisor.driver.DeviceProtocol;
import io.splitvisor.driver.backend.BackendDevices;
import io.splitvisor.driver.backend.DeviceConfig;
import io.splitvisor.driver.backend.DeviceDriver;
import java.util.concurrent.CompletableFuture;

/** A back end that is to be tried, whatever it exchanges. It may be written on the driver kit, or not. */
public interface TestedBackend {
    /** What it speaks. */
    DeviceProtocol protocol();

    /** Attaches a device: both ends' nodes are there when this returns, and the back end waits for the front end. */
    Attached attach(TestBackendDomain domain, int frontendDomid, int devid);

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

    /** Attaches a device of a driver of the kit. */
    static Attached attach(DeviceDriver driver, TestBackendDomain domain, DeviceConfig config) {
        BackendDevices devices = new BackendDevices(domain, domain.store(), (_, _) -> {});
        devices.attach(driver, config);
        return new Attached() {
            @Override
            public CompletableFuture<Void> detach(boolean force) {
                return devices.detach(driver.protocol().type(), config.frontendDomid(), config.devid(), force);
            }

            @Override
            public CompletableFuture<Void> domainDied() {
                return devices.domainDied(config.frontendDomid());
            }
        };
    }
}
