// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.frontend;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.Objects;

/** {@link FrontBytes} as a stream that waits. */
final class ByteOutput extends OutputStream {
    private static final Duration EVER = Duration.ofHours(1);

    private final FrontBytes bytes;

    ByteOutput(FrontBytes bytes) {
        this.bytes = bytes;
    }

    @Override
    public void write(int b) throws IOException {
        write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] source, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, source.length);
        for (int done = 0; done < length; ) {
            int count = take(source, offset + done, length - done);
            done += count;
            if (count == 0) {
                await(done);
            }
        }
    }

    private int take(byte[] source, int offset, int length) throws IOException {
        try {
            return bytes.write(source, offset, length);
        } catch (CallException e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    private void await(int done) throws InterruptedIOException {
        try {
            boolean unused = bytes.awaitWritable(EVER);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            InterruptedIOException interrupted = new InterruptedIOException("interrupted while waiting for room");
            interrupted.bytesTransferred = done;
            throw interrupted;
        }
    }
}
