// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.store;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.concurrent.atomic.AtomicReference;

/**
 * A place for one request that the server has not answered yet, and the header that it is sent with. The cookie changes
 * with every use, so that a stale or invented reply finds nothing.
 */
final class NbdSlot {
    static final int INDEX_BITS = 16;

    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    private final int index;
    private final MemorySegment header;
    private final AtomicReference<StoreRequest> request = new AtomicReference<>();
    private long uses;
    private int replays;
    private long order;
    private long mark;
    private volatile long cookie = -1;

    /** @param header memory of {@link NbdProtocol#REQUEST_BYTES} */
    NbdSlot(MemorySegment header, int index) {
        this.index = index;
        this.header = header;
    }

    /**
     * Takes a request in and describes it in the header.
     *
     * @param number grows with every request
     * @param journalMark if it is a flush, which writes it covers
     */
    void put(StoreRequest next, long number, long journalMark) {
        long use = ++uses << INDEX_BITS | index;
        describe(header, command(next.operation()), use, next.offset(), (int) next.length());
        order = number;
        replays = 0;
        mark = journalMark;
        cookie = use;
        request.setRelease(next);
    }

    /** Whether there is a request, and the cookie is its. */
    boolean has(long expected) {
        return cookie == expected && request.getAcquire() != null;
    }

    /** The request that is not answered, or null. */
    StoreRequest request() {
        return request.getAcquire();
    }

    /** Takes the request out; null if there is none. */
    StoreRequest take() {
        return request.getAndSet(null);
    }

    /** The request is about to be sent again. */
    void sendAgain(long journalMark) {
        replays++;
        mark = journalMark;
    }

    /** How often the request was sent again. */
    int replays() {
        return replays;
    }

    /** The number of its request. */
    long order() {
        return order;
    }

    /** For a flush: which writes it covers. */
    long mark() {
        return mark;
    }

    long headerAddress() {
        return header.address();
    }

    static void describe(MemorySegment header, int command, long cookie, long offset, int length) {
        header.set(INT, 0, NbdProtocol.REQUEST_MAGIC);
        header.set(SHORT, 4, (short) 0);
        header.set(SHORT, 6, (short) command);
        header.set(LONG, 8, cookie);
        header.set(LONG, 16, offset);
        header.set(INT, 24, length);
    }

    private static int command(StoreRequest.Operation operation) {
        return switch (operation) {
            case READ -> NbdProtocol.CMD_READ;
            case WRITE -> NbdProtocol.CMD_WRITE;
            case FLUSH -> NbdProtocol.CMD_FLUSH;
            case DISCARD -> NbdProtocol.CMD_TRIM;
        };
    }
}
