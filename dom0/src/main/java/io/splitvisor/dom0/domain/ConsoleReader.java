// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.domain;

import io.splitvisor.dom0.console.ByteFifo;
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
    private final ByteFifo buffer = new ByteFifo(BUFFER_BYTES);
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
        buffer.putLast(bytes, 0, bytes.length);
    }

    /** The domain is gone: what is buffered can still be read. */
    synchronized void end() {
        ended = true;
        notifyAll();
    }

    synchronized boolean hasEnded() {
        return ended;
    }

    @Override
    public synchronized int read(byte[] target, int offset, int most) {
        while (buffer.size() == 0 && !ended) {
            try {
                wait();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return -1;
            }
        }
        return buffer.size() == 0 ? -1 : buffer.take(target, offset, most);
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
