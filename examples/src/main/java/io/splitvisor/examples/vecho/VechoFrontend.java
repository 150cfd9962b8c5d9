// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.examples.vecho;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.nio.charset.StandardCharsets.US_ASCII;

import io.splitvisor.driver.frontend.Call;
import io.splitvisor.driver.frontend.Frontend;
import io.splitvisor.driver.frontend.FrontendSettings;
import io.splitvisor.driver.frontend.SharedPages;
import io.splitvisor.frontend.FrontendDomain;
import java.lang.foreign.MemorySegment;
import java.time.Duration;

/** The front end: sends text and takes it back. For one thread at a time. */
public final class VechoFrontend implements AutoCloseable {
    private final Frontend device;
    private final SharedPages page;
    private final Call call;

    /** Connects to a device of this domain. */
    public VechoFrontend(FrontendDomain domain, int devid) {
        device = Frontend.open(domain, Vecho.PROTOCOL, devid, new FrontendSettings(), Duration.ofSeconds(10));
        page = device.newPages(1);
        call = device.call().page(Vecho.PAGE, page, 0);
    }

    /** The text as the back end gives it back. */
    public String echo(String text) {
        byte[] bytes = text.getBytes(US_ASCII);
        MemorySegment.copy(bytes, 0, page.segment(), JAVA_BYTE, 0, bytes.length);
        call.set(Vecho.LENGTH, bytes.length).submit().await();
        MemorySegment.copy(page.segment(), JAVA_BYTE, 0, bytes, 0, bytes.length);
        return new String(bytes, US_ASCII);
    }

    @Override
    public void close() {
        device.close();
        page.close();
    }
}
