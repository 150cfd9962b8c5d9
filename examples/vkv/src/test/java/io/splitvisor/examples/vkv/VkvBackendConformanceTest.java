// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.examples.vkv;

import io.splitvisor.driver.testkit.BackendConformance;
import io.splitvisor.driver.testkit.BackendUnderTest;

class VkvBackendConformanceTest extends BackendConformance {
    @Override
    protected BackendUnderTest backend() {
        return VkvUnderTest.backend();
    }
}
