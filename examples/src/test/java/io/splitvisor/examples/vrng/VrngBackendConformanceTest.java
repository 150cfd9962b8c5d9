// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.examples.vrng;

import io.splitvisor.driver.testkit.BackendConformance;
import io.splitvisor.driver.testkit.BackendUnderTest;
import java.util.Map;

class VrngBackendConformanceTest extends BackendConformance {
    @Override
    protected BackendUnderTest backend() {
        // More than all checks together want.
        return BackendUnderTest.of(new VrngBackend(), Map.of("rate", "1073741824"), (request, front) -> request.set(
                        Vrng.PAGE, front.shared().ref())
                .set(Vrng.LENGTH, Vrng.MOST_BYTES));
    }
}
