// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.examples.vline;

import io.splitvisor.driver.ByteProtocol;
import io.splitvisor.driver.backend.ByteDevice;
import io.splitvisor.driver.backend.ByteDriver;
import io.splitvisor.driver.backend.ByteLine;
import io.splitvisor.driver.backend.DeviceConfig;

/** The back end: makes letters capital. */
public final class VlineBackend implements ByteDriver {
    @Override
    public ByteProtocol protocol() {
        return Vline.PROTOCOL;
    }

    @Override
    public ByteDevice open(DeviceConfig config) {
        return new Capitals();
    }

    private static final class Capitals implements ByteDevice {
        private final byte[] bytes = new byte[256];
        private int count;

        @Override
        public void ready(ByteLine line) {
            if (count == 0) {
                count = line.read(bytes, 0, bytes.length);
                for (int i = 0; i < count; i++) {
                    bytes[i] = (byte) Character.toUpperCase(bytes[i]);
                }
            }
            int written = line.write(bytes, 0, count);
            count -= written;
            System.arraycopy(bytes, written, bytes, 0, count);
        }
    }
}
