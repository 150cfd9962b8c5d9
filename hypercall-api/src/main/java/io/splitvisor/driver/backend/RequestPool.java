// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.backend;

import io.splitvisor.driver.Protocol;
import io.splitvisor.ring.BackRing;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.function.Consumer;

/**
 * A queue's request objects and the private memory behind them, made once. The object that has been free for the longest time is
 * the next: as long as requests are answered in their order, free objects stand in the order of their memory, and requests that
 * were published together are copied together, so that the processor fetches all of their cache lines at once.
 */
final class RequestPool {
    private final SlotLayout layout;
    private final boolean together;
    private final long requestBytes;
    private final long responseBytes;
    private final MemorySegment requests;
    private final MemorySegment responses;
    private final MemorySegment newResponses;

    /** A ring of those that are free. */
    private final SlotRequest[] free;

    private int first;
    private int freeCount;

    /** @param slots a power of two */
    RequestPool(BackQueue queue, Protocol protocol, SlotLayout layout, int slots, Arena arena) {
        this.layout = layout;
        this.requestBytes = roundUp(protocol.slotSize());
        this.responseBytes = roundUp(protocol.response().size());
        this.together = layout.equals(SlotLayout.of(protocol)) && requestBytes == layout.slotSize();
        this.requests = arena.allocate(slots * requestBytes, Long.BYTES);
        this.responses = arena.allocate(slots * responseBytes, Long.BYTES);
        this.newResponses = arena.allocate(slots * responseBytes, Long.BYTES);
        this.free = new SlotRequest[slots];
        this.freeCount = slots;
        for (int i = 0; i < slots; i++) {
            long response = i * responseBytes;
            protocol.status().ifPresent(status -> status.field().write(newResponses, response, status.okay()));
            free[i] = new SlotRequest(
                    queue,
                    i,
                    protocol,
                    requests.asSlice(i * requestBytes, requestBytes),
                    responses.asSlice(response, responseBytes));
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

    /**
     * Copies the next requests of a ring into the objects that {@link #take} answers next. They are not consumed: what nobody
     * takes is copied once more, and the first copy never looked at.
     *
     * @param available not more than the ring's takeable requests, which are not more than the free objects
     * @return how many were copied, at least one
     */
    int fetch(BackRing ring, int available) {
        int index = free[first].index();
        int count = 1;
        while (count < available && free[(first + count) & (free.length - 1)].index() == index + count) {
            count++;
        }
        if (together) {
            ring.peekRequests(count, requests, index * requestBytes);
        } else {
            for (int i = 0; i < count; i++) {
                layout.copyRequest(ring.memory(), ring.peekRequest(i), requests, (index + i) * requestBytes);
            }
        }
        long at = index * responseBytes;
        MemorySegment.copy(newResponses, at, responses, at, count * responseBytes);
        return count;
    }

    /** The next object, with the request that was fetched into it. */
    SlotRequest take() {
        SlotRequest request = free[first];
        first = (first + 1) & (free.length - 1);
        freeCount--;
        return request;
    }

    /** An object's request is answered, or never will be. */
    void giveBack(SlotRequest request) {
        free[(first + freeCount++) & (free.length - 1)] = request;
    }
}
