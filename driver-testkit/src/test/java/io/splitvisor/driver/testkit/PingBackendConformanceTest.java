// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.testkit;

class PingBackendConformanceTest extends BackendConformance {
    @Override
    protected BackendUnderTest backend() {
        return PingDriver.backend();
    }
}
