// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.console;

/** The last bytes of a console's output: a bounded buffer that forgets the oldest first. Not thread-safe. */
final class History {
    private final byte[] bytes;
    private long written;

    History(int capacity) {
        bytes = new byte[capacity];
    }

    void append(byte[] source, int offset, int length) {
        int skip = Math.max(0, length - bytes.length);
        for (int i = skip; i < length; ) {
            int at = (int) ((written + i) % bytes.length);
            int count = Math.min(length - i, bytes.length - at);
            System.arraycopy(source, offset + i, bytes, at, count);
            i += count;
        }
        written += length;
    }

    /** Everything still remembered, oldest first. */
    byte[] snapshot() {
        int size = (int) Math.min(written, bytes.length);
        byte[] result = new byte[size];
        int start = (int) ((written - size) % bytes.length);
        int first = Math.min(size, bytes.length - start);
        System.arraycopy(bytes, start, result, 0, first);
        System.arraycopy(bytes, 0, result, first, size - first);
        return result;
    }
}
