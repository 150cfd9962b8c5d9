// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.examples.vkv;

/** Where keys and values are kept. One thread at a time. */
interface Engine extends AutoCloseable {
    /** Begins a batch: what is put and deleted is seen by gets at once, and kept when the batch ends. */
    void begin();

    /** The value of a key; null if there is none. */
    byte[] get(byte[] key);

    /** Sets a key's value. */
    void put(byte[] key, byte[] value);

    /** Removes a key. */
    void delete(byte[] key);

    /** Keeps all that was put and deleted since the batch began, or nothing if it fails. */
    void commit();

    /** Goes through keys and values in order. */
    void scan(byte[] from, Visitor visitor);

    /** Makes durable what was committed. */
    void sync();

    @Override
    void close();

    /** Sees a key and its value. */
    @FunctionalInterface
    interface Visitor {
        /** Whether it wants to see more. */
        boolean visit(byte[] key, byte[] value);
    }

    /** It failed; the request does, too. */
    final class EngineException extends RuntimeException {
        private static final long serialVersionUID = 1;

        EngineException(String message, Throwable cause) {
            super(message, cause);
        }
    }
}
