// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.testkit;

class BlockFaultEnduranceTest extends FaultEndurance {
    @Override
    protected BackendUnderTest backend() {
        return BlockUnderTest.backend();
    }

    @Override
    protected FrontendUnderTest frontend() {
        return BlockUnderTest.frontend();
    }
}
