// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.examples.vline;

import io.splitvisor.driver.frontend.FrontendSettings;
import io.splitvisor.driver.testkit.ByteFrontendConformance;
import io.splitvisor.driver.testkit.ByteFrontendUnderTest;

class VlineFrontendConformanceTest extends ByteFrontendConformance {
    @Override
    protected ByteFrontendUnderTest frontend() {
        return ByteFrontendUnderTest.of(Vline.PROTOCOL, FrontendSettings::new);
    }
}
