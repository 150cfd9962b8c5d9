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
    private volatile long cookie = -1;

    /** @param header memory of {@link NbdProtocol#REQUEST_BYTES} */
    NbdSlot(int index, MemorySegment header) {
        this.index = index;
        this.header = header;
    }

    /** Takes a request in and describes it in the header. */
    void put(StoreRequest next) {
        long use = ++uses << INDEX_BITS | index;
        describe(header, command(next.operation()), use, next.offset(), (int) next.length());
        cookie = use;
        request.setRelease(next);
    }

    /** Takes the request out; null if there is none, or if the cookie is not its. */
    StoreRequest take(long expected) {
        return cookie == expected ? request.getAndSet(null) : null;
    }

    /** Takes the request out, whatever its cookie; null if there is none. */
    StoreRequest abandon() {
        return request.getAndSet(null);
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
