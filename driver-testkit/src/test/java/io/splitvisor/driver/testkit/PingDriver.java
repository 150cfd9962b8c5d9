// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.testkit;

import io.splitvisor.driver.Protocol;
import io.splitvisor.driver.backend.BackendDevice;
import io.splitvisor.driver.backend.BackendDriver;
import io.splitvisor.driver.backend.DeviceConfig;
import io.splitvisor.driver.backend.GrantedPage;
import io.splitvisor.driver.backend.Request;
import io.splitvisor.driver.frontend.Call;
import io.splitvisor.driver.frontend.Frontend;
import io.splitvisor.driver.frontend.FrontendSettings;
import java.util.Map;

/** {@link Ping} on the driver kit, both ends. */
final class PingDriver implements BackendDriver {
    @Override
    public Protocol protocol() {
        return Ping.PROTOCOL;
    }

    @Override
    public BackendDevice open(DeviceConfig config) {
        return new Device();
    }

    static BackendUnderTest backend() {
        return BackendUnderTest.of(new PingDriver(), Map.of(), (request, front) -> request.set(Ping.NUMBER, 5)
                .set(Ping.OPERATION, Ping.FILL)
                .set(Ping.PAGE, front.shared().ref()));
    }

    static FrontendUnderTest frontend() {
        return FrontendUnderTest.of(Ping.PROTOCOL, FrontendSettings::new, PingDriver::fill);
    }

    private static void fill(Frontend frontend, Call call) {
        call.set(Ping.OPERATION, Ping.FILL).set(Ping.NUMBER, 9).page(Ping.PAGE, frontend.newPages(1), 0);
    }

    private static final class Device implements BackendDevice {
        @Override
        public void request(Request request) {
            long number = request.get(Ping.NUMBER);
            if (request.get(Ping.OPERATION) == Ping.FILL) {
                GrantedPage page = request.page(Ping.PAGE);
                page.segment().fill((byte) number);
            }
            request.response().set(java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED, Ping.RESULT.offset(), number + 1);
            request.complete();
        }
    }
}
