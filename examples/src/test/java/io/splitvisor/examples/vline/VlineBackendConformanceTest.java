// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.examples.vline;

import io.splitvisor.driver.testkit.ByteBackendConformance;
import io.splitvisor.driver.testkit.ByteBackendUnderTest;
import java.util.Map;

class VlineBackendConformanceTest extends ByteBackendConformance {
    @Override
    protected ByteBackendUnderTest backend() {
        return ByteBackendUnderTest.of(Vline.PROTOCOL, _ -> new VlineBackend(), Map.of());
    }
}
