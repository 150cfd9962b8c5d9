// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.console;

import io.splitvisor.driver.backend.ByteLine;

/** Bytes that wait, up to a bound; first in, first out. Not thread-safe. */
public final class ByteFifo {
    private final byte[] bytes;
    private int start;
    private int size;

    /** @param capacity the most bytes that wait */
    public ByteFifo(int capacity) {
        bytes = new byte[capacity];
    }

    /** Bytes that wait. */
    public int size() {
        return size;
    }

    /** Bytes that there is room for. */
    public int room() {
        return bytes.length - size;
    }

    /** Adds as many of some bytes as there is room for; answers how many. */
    public int put(byte[] source, int offset, int length) {
        int count = Math.min(length, room());
        int end = (start + size) % bytes.length;
        int first = Math.min(count, bytes.length - end);
        System.arraycopy(source, offset, bytes, end, first);
        System.arraycopy(source, offset + first, bytes, 0, count - first);
        size += count;
        return count;
    }

    /** Adds bytes, and forgets the oldest where there is no room for all. */
    public void putLast(byte[] source, int offset, int length) {
        int skip = Math.max(0, length - bytes.length);
        drop(Math.max(0, length - skip - room()));
        put(source, offset + skip, length - skip);
    }

    /** Takes up to so many bytes out; answers how many. */
    public int take(byte[] target, int offset, int length) {
        int count = Math.min(length, size);
        int first = Math.min(count, bytes.length - start);
        System.arraycopy(bytes, start, target, offset, first);
        System.arraycopy(bytes, 0, target, offset + first, count - first);
        drop(count);
        return count;
    }

    /** Gives a front end what its ring has room for; answers how much. */
    int giveTo(ByteLine line) {
        int given = 0;
        int written = -1;
        while (size > 0 && written != 0) {
            written = line.write(bytes, start, Math.min(size, bytes.length - start));
            drop(written);
            given += written;
        }
        return given;
    }

    /** All that wait, which go on waiting. */
    byte[] copy() {
        byte[] all = new byte[size];
        int first = Math.min(size, bytes.length - start);
        System.arraycopy(bytes, start, all, 0, first);
        System.arraycopy(bytes, 0, all, first, size - first);
        return all;
    }

    /** Forgets the oldest. */
    void drop(int count) {
        start = (start + count) % bytes.length;
        size -= count;
    }
}
