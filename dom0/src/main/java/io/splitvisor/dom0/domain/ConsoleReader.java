// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.domain;

import io.splitvisor.dom0.console.ConsoleDevice;
import io.splitvisor.dom0.toolstack.ConsoleStream;
import java.util.Arrays;

/**
 * One attachment to a console. Output waits in a bounded buffer: a reader that is too slow loses the
 * oldest bytes.
 */
final class ConsoleReader implements ConsoleStream, ConsoleDevice.Listener {
    private static final int BUFFER_BYTES = 1 << 18;

    private final ConsoleDevice console;
    private final byte[] buffer = new byte[BUFFER_BYTES];
    private int start;
    private int length;
    private boolean ended;

    ConsoleReader(ConsoleDevice console) {
        this.console = console;
        // The history comes first: whatever is published meanwhile waits for this lock.
        synchronized (this) {
            append(console.listen(this));
        }
    }

    @Override
    public synchronized void output(byte[] bytes) {
        append(bytes);
        notifyAll();
    }

    private void append(byte[] bytes) {
        for (byte b : bytes) {
            if (length == BUFFER_BYTES) {
                start = (start + 1) % BUFFER_BYTES;
                length--;
            }
            buffer[(start + length) % BUFFER_BYTES] = b;
            length++;
        }
    }

    /** The domain is gone: what is buffered can still be read. */
    synchronized void end() {
        ended = true;
        notifyAll();
    }

    @Override
    public synchronized int read(byte[] target, int offset, int most) {
        while (length == 0 && !ended) {
            try {
                wait();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return -1;
            }
        }
        if (length == 0) {
            return -1;
        }
        int count = Math.min(most, length);
        for (int i = 0; i < count; i++) {
            target[offset + i] = buffer[(start + i) % BUFFER_BYTES];
        }
        start = (start + count) % BUFFER_BYTES;
        length -= count;
        return count;
    }

    @Override
    public void write(byte[] source, int offset, int count) {
        console.type(Arrays.copyOfRange(source, offset, offset + count));
    }

    @Override
    public void close() {
        console.unlisten(this);
        end();
    }
}
