// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.store;

import io.splitvisor.host.Errno;
import io.splitvisor.host.HostException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/**
 * The writes that a server has answered and not yet flushed, with their data: a server that dies may have lost them, and
 * the next one gets them again, so that a flush means what it says across a reconnection. Holds a bounded number of bytes;
 * what finds no room is counted, and if such a write was not flushed when the server died, nobody can vouch for it.
 *
 * <p>Belongs to the thread that receives replies; only {@link #mark} is for others.
 */
final class NbdJournal {
    static final int BYTES = 8 << 20;
    private static final int ENTRIES = 4096;

    /** Cookies of replayed writes: no slot has them. */
    private static final long COOKIE = 1L << 62;

    private final Arena arena = Arena.ofShared();
    private final MemorySegment request = arena.allocate(NbdProtocol.REQUEST_BYTES, 8);
    private final IoVector vector = new IoVector(arena, 3);
    private final long[] sequences = new long[ENTRIES];
    private final long[] offsets = new long[ENTRIES];
    private final int[] lengths = new int[ENTRIES];
    private MemorySegment ring;
    private int first;
    private int count;
    private long head;
    private long tail;
    private volatile long answered;
    private long flushed;
    private long lastWithoutRoom = -1;

    /** A number for a flush that is about to be sent: it covers the writes answered so far. */
    long mark() {
        return answered;
    }

    /** A write was answered. */
    void add(StoreRequest write) {
        long sequence = answered;
        long length = write.length();
        if (count == ENTRIES || length > BYTES - (tail - head)) {
            lastWithoutRoom = sequence;
        } else {
            if (ring == null) {
                // Disks that are only read need none.
                ring = arena.allocate(BYTES, 4096);
            }
            write.data().copyTo(ring, tail);
            int at = (first + count) % ENTRIES;
            sequences[at] = sequence;
            offsets[at] = write.offset();
            lengths[at] = (int) length;
            tail += length;
            count++;
        }
        answered = sequence + 1;
    }

    /** A flush was answered: what it covers is safe. */
    void flushed(long mark) {
        flushed = Math.max(flushed, mark);
        while (count > 0 && sequences[first] < mark) {
            head += lengths[first];
            first = (first + 1) % ENTRIES;
            count--;
        }
    }

    /** Whether everything that is not flushed is here. */
    boolean isComplete() {
        return lastWithoutRoom < flushed;
    }

    /**
     * Writes everything again, over a connection on which nothing else is in flight.
     *
     * @return false if the server refuses a write that it, or the one before it, had taken
     * @throws HostException if the connection breaks
     */
    boolean replay(NbdWire wire) {
        long at = head;
        for (int i = 0; i < count; i++) {
            int entry = (first + i) % ENTRIES;
            NbdSlot.describe(request, NbdProtocol.CMD_WRITE, COOKIE | i, offsets[entry], lengths[entry]);
            vector.clear();
            vector.add(request.address(), NbdProtocol.REQUEST_BYTES);
            addData(at, lengths[entry]);
            wire.send(vector);
            ByteBuffer reply = wire.receive(NbdProtocol.REPLY_BYTES);
            int magic = reply.getInt();
            int error = reply.getInt();
            if (magic != NbdProtocol.SIMPLE_REPLY_MAGIC || reply.getLong() != (COOKIE | i)) {
                throw new HostException("a reply that is none", Errno.EINVAL);
            }
            if (error == NbdProtocol.ERROR_SHUTDOWN) {
                throw new HostException("the server shuts down", error);
            }
            if (error != 0) {
                return false;
            }
            at += lengths[entry];
        }
        return true;
    }

    private void addData(long position, int length) {
        long from = position % BYTES;
        long whole = Math.min(length, BYTES - from);
        vector.add(ring.address() + from, whole);
        if (whole < length) {
            vector.add(ring.address(), length - whole);
        }
    }

    void close() {
        arena.close();
    }
}
