// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.xenstore;

/** Moves bytes between a client and xenstored, and knows no messages. */
public interface XenstoreTransport extends AutoCloseable {
    /** The client's end: who gets the bytes. Called by one thread at a time. */
    interface Receiver {
        /** Bytes came; they are the receiver's only during the call. */
        void received(byte[] bytes, int offset, int length);

        /**
         * The connection starts over: bytes of a message that had begun do not come, watches and transactions are gone, and
         * what was sent may have been done or not. By the thread that hands bytes over.
         */
        void restarted(String reason);

        /** Nothing will come any more. May be called more than once. */
        void closed(String reason);
    }

    /** Starts. Called once, before everything else. */
    void open(Receiver receiver);

    /**
     * Sends all of it, waiting where the other side is slow. Called by one thread at a time.
     *
     * @throws XenstoreException EIO if that cannot be done
     */
    void send(byte[] bytes);

    /** Looks for bytes that have come and hands them over; called by threads that wait. */
    void poll();

    /** Whether bytes may have come that only {@link #poll} finds; if not, waiting threads sleep until woken. */
    boolean needsPolling();

    @Override
    void close();
}
