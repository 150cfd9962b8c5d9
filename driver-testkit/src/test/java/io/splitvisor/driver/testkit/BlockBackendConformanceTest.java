// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.testkit;

class BlockBackendConformanceTest extends BackendConformance {
    @Override
    protected BackendUnderTest backend() {
        return BlockUnderTest.backend();
    }
}
