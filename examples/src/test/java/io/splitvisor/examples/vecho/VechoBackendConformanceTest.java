// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.examples.vecho;

import io.splitvisor.driver.testkit.BackendConformance;
import io.splitvisor.driver.testkit.BackendUnderTest;
import java.util.Map;

/** The back end, with front ends that behave and front ends that do not. */
class VechoBackendConformanceTest extends BackendConformance {
    @Override
    protected BackendUnderTest backend() {
        return BackendUnderTest.of(new VechoBackend(), Map.of(), (request, front) -> request.set(
                        Vecho.PAGE, front.shared().ref())
                .set(Vecho.LENGTH, 100));
    }
}
