// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.testkit;

class ConsoleBackendConformanceTest extends ByteBackendConformance {
    @Override
    protected ByteBackendUnderTest backend() {
        return ConsoleUnderTest.backend();
    }
}
