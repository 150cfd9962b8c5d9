// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.testkit;

class BlockConnectionMatrixTest extends ConnectionMatrix {
    @Override
    protected BackendUnderTest backend() {
        return BlockUnderTest.backend();
    }

    @Override
    protected FrontendUnderTest frontend() {
        return BlockUnderTest.frontend();
    }
}
