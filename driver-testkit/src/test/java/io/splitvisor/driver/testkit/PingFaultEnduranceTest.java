// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.testkit;

class PingFaultEnduranceTest extends FaultEndurance {
    @Override
    protected BackendUnderTest backend() {
        return PingDriver.backend();
    }

    @Override
    protected FrontendUnderTest frontend() {
        return PingDriver.frontend();
    }
}
