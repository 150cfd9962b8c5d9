// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.examples.vkv;

import io.splitvisor.driver.testkit.BackendUnderTest;
import io.splitvisor.driver.testkit.ConnectionMatrix;
import io.splitvisor.driver.testkit.FrontendUnderTest;

class VkvConnectionMatrixTest extends ConnectionMatrix {
    @Override
    protected BackendUnderTest backend() {
        return VkvUnderTest.backend();
    }

    @Override
    protected FrontendUnderTest frontend() {
        return VkvUnderTest.frontend();
    }

    @Override
    protected int orders() {
        return 1;
    }
}
