// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.examples.vrng;

import io.splitvisor.driver.frontend.FrontendSettings;
import io.splitvisor.driver.testkit.FrontendConformance;
import io.splitvisor.driver.testkit.FrontendUnderTest;

class VrngFrontendConformanceTest extends FrontendConformance {
    @Override
    protected FrontendUnderTest frontend() {
        return FrontendUnderTest.of(
                Vrng.PROTOCOL, FrontendSettings::new, (device, call) -> call.page(Vrng.PAGE, device.newPages(1), 0)
                        .set(Vrng.LENGTH, 16));
    }
}
