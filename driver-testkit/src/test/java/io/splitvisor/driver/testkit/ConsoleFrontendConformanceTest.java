// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.testkit;

class ConsoleFrontendConformanceTest extends ByteFrontendConformance {
    @Override
    protected ByteFrontendUnderTest frontend() {
        return ConsoleUnderTest.frontend();
    }
}
