// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.examples.vrng;

import io.splitvisor.driver.frontend.FrontendSettings;
import io.splitvisor.driver.testkit.BackendUnderTest;
import io.splitvisor.driver.testkit.ConnectionMatrix;
import io.splitvisor.driver.testkit.FrontendUnderTest;
import java.util.Map;

class VrngConnectionMatrixTest extends ConnectionMatrix {
    @Override
    protected BackendUnderTest backend() {
        return BackendUnderTest.of(new VrngBackend(), Map.of(), (_, _) -> {});
    }

    @Override
    protected FrontendUnderTest frontend() {
        return FrontendUnderTest.of(
                Vrng.PROTOCOL, FrontendSettings::new, (device, call) -> call.page(Vrng.PAGE, device.newPages(1), 0)
                        .set(Vrng.LENGTH, 16));
    }
}
