// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.examples.vkv;

import io.splitvisor.driver.testkit.FrontendConformance;
import io.splitvisor.driver.testkit.FrontendUnderTest;

class VkvFrontendConformanceTest extends FrontendConformance {
    @Override
    protected FrontendUnderTest frontend() {
        return VkvUnderTest.frontend();
    }
}
