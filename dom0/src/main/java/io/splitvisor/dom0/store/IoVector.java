// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.store;

import io.splitvisor.host.HostFile;
import io.splitvisor.host.HostMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * A list of pieces of memory that one system call reads into or writes from ({@code struct iovec[]}), in native memory,
 * made once and filled again and again. Neighbours in memory become one piece. Confined to one thread at a time.
 */
public final class IoVector {
    private static final long ENTRY = HostFile.IOVEC.byteSize();
    private static final long LENGTH = 8;

    private final MemorySegment entries;
    private final int capacity;
    private int first;
    private int end;
    private long bytes;
    private long lastEnd;

    /**
     * @param arena holds the list
     * @param capacity the most pieces it can take
     */
    public IoVector(Arena arena, int capacity) {
        this.entries = arena.allocate(HostFile.IOVEC, capacity);
        this.capacity = capacity;
    }

    /** Makes the list empty. */
    public void clear() {
        first = 0;
        end = 0;
        bytes = 0;
        lastEnd = 0;
    }

    /**
     * Adds a piece.
     *
     * @param address a host address; the caller keeps the memory mapped until the transfer is over
     * @param length more than 0
     */
    public void add(long address, long length) {
        if (end > first && address == lastEnd) {
            long at = (end - 1) * ENTRY + LENGTH;
            entries.set(ValueLayout.JAVA_LONG, at, entries.get(ValueLayout.JAVA_LONG, at) + length);
        } else {
            entries.set(ValueLayout.JAVA_LONG, end * ENTRY, address);
            entries.set(ValueLayout.JAVA_LONG, end * ENTRY + LENGTH, length);
            end++;
        }
        bytes += length;
        lastEnd = address + length;
    }

    /** Adds all pieces of another list. */
    public void addAll(IoVector other) {
        for (int i = other.first; i < other.end; i++) {
            add(
                    other.entries.get(ValueLayout.JAVA_LONG, i * ENTRY),
                    other.entries.get(ValueLayout.JAVA_LONG, i * ENTRY + LENGTH));
        }
    }

    /** Copies all that the pieces hold, one behind the other, into a ring of memory from this position on. */
    void copyTo(MemorySegment ring, long position) {
        long size = ring.byteSize();
        long at = position;
        for (int i = first; i < end; i++) {
            long address = entries.get(ValueLayout.JAVA_LONG, i * ENTRY);
            long left = entries.get(ValueLayout.JAVA_LONG, i * ENTRY + LENGTH);
            while (left > 0) {
                long count = Math.min(left, size - at % size);
                HostMemory.copy(address, ring, at % size, count);
                address += count;
                at += count;
                left -= count;
            }
        }
    }

    /** Takes the first bytes away, which a system call has moved. */
    public void consume(long moved) {
        long left = moved;
        bytes -= moved;
        while (left > 0) {
            long at = first * ENTRY;
            long length = entries.get(ValueLayout.JAVA_LONG, at + LENGTH);
            if (left < length) {
                entries.set(ValueLayout.JAVA_LONG, at, entries.get(ValueLayout.JAVA_LONG, at) + left);
                entries.set(ValueLayout.JAVA_LONG, at + LENGTH, length - left);
                return;
            }
            left -= length;
            first++;
        }
    }

    /** Host address of the first piece's entry. */
    public long address() {
        return entries.address() + first * ENTRY;
    }

    /** Number of pieces. */
    public int count() {
        return end - first;
    }

    /** Room for this many more pieces. */
    public int room() {
        return capacity - end;
    }

    /** Bytes of all pieces together. */
    public long bytes() {
        return bytes;
    }
}
