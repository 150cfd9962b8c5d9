// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.testkit;

class BlockFrontendConformanceTest extends FrontendConformance {
    @Override
    protected FrontendUnderTest frontend() {
        return BlockUnderTest.frontend();
    }
}
