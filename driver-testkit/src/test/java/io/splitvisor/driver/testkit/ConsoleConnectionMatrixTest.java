// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.testkit;

class ConsoleConnectionMatrixTest extends ConnectionMatrix {
    @Override
    protected ByteBackendUnderTest backend() {
        return ConsoleUnderTest.backend();
    }

    @Override
    protected ByteFrontendUnderTest frontend() {
        return ConsoleUnderTest.frontend();
    }
}
