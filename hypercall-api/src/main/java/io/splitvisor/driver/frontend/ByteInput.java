// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.frontend;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.Objects;

/** {@link FrontBytes} as a stream that waits. */
final class ByteInput extends InputStream {
    private static final Duration EVER = Duration.ofHours(1);

    private final FrontBytes bytes;

    ByteInput(FrontBytes bytes) {
        this.bytes = bytes;
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, target.length);
        int count = 0;
        while (length > 0 && (count = bytes.read(target, offset, length)) == 0) {
            try {
                boolean unused = bytes.awaitReadable(EVER);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new InterruptedIOException("interrupted while waiting for bytes");
            }
        }
        return count;
    }

    @Override
    public int available() {
        return bytes.readable();
    }
}
