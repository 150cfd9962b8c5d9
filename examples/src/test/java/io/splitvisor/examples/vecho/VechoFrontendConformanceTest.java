// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.examples.vecho;

import io.splitvisor.driver.frontend.FrontendSettings;
import io.splitvisor.driver.testkit.FrontendConformance;
import io.splitvisor.driver.testkit.FrontendUnderTest;

/** The front end, with back ends that behave and back ends that do not. */
class VechoFrontendConformanceTest extends FrontendConformance {
    @Override
    protected FrontendUnderTest frontend() {
        return FrontendUnderTest.of(
                Vecho.PROTOCOL, FrontendSettings::new, (device, call) -> call.page(Vecho.PAGE, device.newPages(1), 0)
                        .set(Vecho.LENGTH, 5));
    }
}
