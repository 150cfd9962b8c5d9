// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.testkit;

class PingFrontendConformanceTest extends FrontendConformance {
    @Override
    protected FrontendUnderTest frontend() {
        return PingDriver.frontend();
    }
}
