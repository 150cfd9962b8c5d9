// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.examples.vline;

import io.splitvisor.driver.frontend.FrontendSettings;
import io.splitvisor.driver.testkit.ByteBackendUnderTest;
import io.splitvisor.driver.testkit.ByteFrontendUnderTest;
import io.splitvisor.driver.testkit.ConnectionMatrix;
import java.util.Map;

class VlineConnectionMatrixTest extends ConnectionMatrix {
    @Override
    protected ByteBackendUnderTest backend() {
        return ByteBackendUnderTest.of(Vline.PROTOCOL, _ -> new VlineBackend(), Map.of());
    }

    @Override
    protected ByteFrontendUnderTest frontend() {
        return ByteFrontendUnderTest.of(Vline.PROTOCOL, FrontendSettings::new);
    }

    @Override
    protected int orders() {
        return 1;
    }
}
