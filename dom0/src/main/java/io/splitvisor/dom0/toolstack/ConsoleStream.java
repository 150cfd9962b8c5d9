// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.toolstack;

/**
 * One attachment to a domain's console. Several may be open at once; each reads everything, what anyone writes goes to the
 * guest. Reading and writing may happen on two threads; {@link #close} may be called from any, and ends both.
 */
public interface ConsoleStream extends AutoCloseable {
    /**
     * Reads what the guest wrote: first what the history holds, then what comes. Waits for at least one byte. A reader that
     * is too slow loses the oldest bytes; the guest never waits for it.
     *
     * @return how many bytes, at least 1; -1 when the domain is gone and all has been read, or the stream was closed
     */
    int read(byte[] buffer, int offset, int length);

    /**
     * Sends bytes to the guest. Waits while its ring is full; bytes for a guest that never reads are dropped in the end.
     *
     * @throws ToolstackException NO_SUCH_DOMAIN if the domain is gone
     */
    void write(byte[] buffer, int offset, int length);

    /** Detaches. The guest does not notice. */
    @Override
    void close();
}
