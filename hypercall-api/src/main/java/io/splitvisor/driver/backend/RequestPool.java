// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.backend;

import io.splitvisor.driver.Protocol;
import io.splitvisor.host.HostMemory;
import io.splitvisor.ring.BackRing;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.function.Consumer;

/**
 * A queue's request objects and the private memory behind them, made once. The one that came back last goes out first: as long as
 * requests are answered at once, a single object does all the work, and never leaves the processor's nearest cache.
 */
final class RequestPool {
    private final SlotLayout layout;
    private final SlotRequest[] free;

    /** A response that says nothing yet, in the memory of the objects, which keep it. */
    private final long newResponseAt;

    /** Bytes of a slot that is copied as it is; 0 if the layout is another. */
    private final long plainBytes;

    private int freeCount;

    RequestPool(BackQueue queue, Protocol protocol, SlotLayout layout, int slots) {
        // Not closed with the queue: an object that a driver still has stays what it was.
        Arena arena = Arena.ofAuto();
        this.layout = layout;
        MemorySegment newResponse = arena.allocate(roundUp(protocol.response().size()), Long.BYTES);
        protocol.status().ifPresent(status -> status.field().write(newResponse, 0, status.okay()));
        this.newResponseAt = newResponse.address();
        this.plainBytes = layout instanceof SlotLayout.NativeLayout ? layout.slotSize() : 0;
        this.free = new SlotRequest[slots];
        this.freeCount = slots;
        for (int i = 0; i < slots; i++) {
            MemorySegment request = arena.allocate(roundUp(protocol.slotSize()), Long.BYTES);
            MemorySegment response = arena.allocate(newResponse.byteSize(), Long.BYTES);
            free[i] = new SlotRequest(queue, i, protocol, request, response);
        }
    }

    private static long roundUp(long bytes) {
        return (bytes + Long.BYTES - 1) / Long.BYTES * Long.BYTES;
    }

    /** Shows all objects to somebody, before the first request. */
    void forEach(Consumer<SlotRequest> shown) {
        for (SlotRequest request : free) {
            shown.accept(request);
        }
    }

    /** Objects that stand for requests without an answer. */
    int inFlight() {
        return free.length - freeCount;
    }

    /** An object for the next request of a ring, from which it is copied, with a response that says nothing yet. */
    SlotRequest take(BackRing ring) {
        SlotRequest request = free[freeCount - 1];
        if (plainBytes > 0) {
            HostMemory.copy(ring.takeRequestAt(), request.askedAt, plainBytes);
        } else {
            layout.copyRequest(ring.takeRequest(), 0, request.memory(), 0);
        }
        HostMemory.copy(newResponseAt, request.answerAt, request.answerBytes);
        freeCount--;
        return request;
    }

    /** An object's request is answered, or never will be. */
    void giveBack(SlotRequest request) {
        // Most often the one that was there: a reference that is not stored is none that the collector has to look at.
        if (free[freeCount] != request) {
            free[freeCount] = request;
        }
        freeCount++;
    }
}
