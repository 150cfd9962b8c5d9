// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.examples.vecho;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.splitvisor.driver.Protocol;
import io.splitvisor.driver.backend.BackendDevice;
import io.splitvisor.driver.backend.BackendDriver;
import io.splitvisor.driver.backend.DeviceConfig;
import io.splitvisor.driver.backend.Request;
import java.lang.foreign.MemorySegment;

/** The back end: makes the letters of a page capital ones. */
public final class VechoBackend implements BackendDriver {
    @Override
    public Protocol protocol() {
        return Vecho.PROTOCOL;
    }

    @Override
    public BackendDevice open(DeviceConfig config) {
        return VechoBackend::echo;
    }

    private static void echo(Request request) {
        MemorySegment text = request.page(Vecho.PAGE).segment();
        int changed = 0;
        for (int i = 0; i < request.get(Vecho.LENGTH); i++) {
            byte letter = text.get(JAVA_BYTE, i);
            if (letter >= 'a' && letter <= 'z') {
                text.set(JAVA_BYTE, i, (byte) (letter - 'a' + 'A'));
                changed++;
            }
        }
        request.set(Vecho.CHANGED, changed);
        request.complete();
    }
}
