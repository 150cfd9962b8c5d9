// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.examples.vkv;

import io.splitvisor.driver.backend.Threads;
import io.splitvisor.driver.frontend.FrontendSettings;
import io.splitvisor.driver.testkit.BackendUnderTest;
import io.splitvisor.driver.testkit.FrontendUnderTest;
import java.util.Map;

/** Both ends as the conformance kit wants them. */
final class VkvUnderTest {
    private VkvUnderTest() {}

    static BackendUnderTest backend() {
        return BackendUnderTest.of(new VkvBackend(_ -> new MapEngine(), Threads.LOOP), Map.of(), (request, front) -> {
            request.set(Vkv.PAGES, 1);
            Vkv.PAGE
                    .element()
                    .write(request.bytes(), Vkv.PAGE.at(0, 0), front.shared().ref());
        });
    }

    static FrontendUnderTest frontend() {
        return FrontendUnderTest.of(Vkv.PROTOCOL, FrontendSettings::new, (device, call) -> {
            var pages = device.newPages(1);
            call.set(Vkv.PAGES, 1).share(pages, 1, false);
            Vkv.PAGE.element().set(call.request(), Vkv.PAGE.at(0, 0), pages.ref(0));
        });
    }
}
