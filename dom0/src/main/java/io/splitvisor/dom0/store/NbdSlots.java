// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.store;

import io.splitvisor.host.Errno;
import io.splitvisor.ring.BoundedQueue;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Comparator;
import java.util.function.Predicate;

/** The requests that the server works on at a time, and where it still has room. */
final class NbdSlots {
    private static final int SLOTS = 256;

    private final NbdSlot[] slots = new NbdSlot[SLOTS];
    private final BoundedQueue<NbdSlot> free = new BoundedQueue<>(SLOTS);
    private final NbdJournal journal;
    private long numbers;

    /** @param journal null if there is none */
    NbdSlots(Arena arena, NbdJournal journal) {
        this.journal = journal;
        MemorySegment headers = arena.allocate((long) SLOTS * NbdProtocol.REQUEST_BYTES, 8);
        for (int i = 0; i < SLOTS; i++) {
            slots[i] = new NbdSlot(headers.asSlice((long) i * NbdProtocol.REQUEST_BYTES, NbdProtocol.REQUEST_BYTES), i);
            free.offer(slots[i]);
        }
    }

    /** A free slot, or null. */
    NbdSlot free() {
        return free.poll();
    }

    /** Makes a slot free again. */
    void release(NbdSlot slot) {
        free.offer(slot);
    }

    /** Puts a request that is about to be sent into a free slot. For the sender. */
    void fill(NbdSlot slot, StoreRequest request) {
        slot.put(request, ++numbers, journal == null ? 0 : journal.mark());
    }

    /** The slot whose request has this cookie; null if there is none. */
    NbdSlot find(long cookie) {
        int index = (int) cookie & ((1 << NbdSlot.INDEX_BITS) - 1);
        return index < SLOTS && slots[index].has(cookie) ? slots[index] : null;
    }

    /** Ends a slot's request. */
    void complete(NbdSlot slot, int result) {
        StoreRequest request = slot.take();
        if (request != null) {
            free.offer(slot);
            request.completed(result);
        }
    }

    /** Whether the server owes an answer. */
    boolean inFlight() {
        return Arrays.stream(slots).anyMatch(slot -> slot.request() != null);
    }

    /** Ends all requests of some kind with EIO. */
    void failAll(Predicate<NbdSlot> kind) {
        for (NbdSlot slot : slots) {
            if (slot.request() != null && kind.test(slot)) {
                complete(slot, -Errno.EIO);
            }
        }
    }

    /** All that are not answered, in the order in which they were sent. Flushes cover what was answered until now. */
    NbdSlot[] unanswered() {
        NbdSlot[] found = Arrays.stream(slots)
                .filter(slot -> slot.request() != null)
                .sorted(Comparator.comparingLong(NbdSlot::order))
                .toArray(NbdSlot[]::new);
        for (NbdSlot slot : found) {
            slot.sendAgain(journal == null ? 0 : journal.mark());
        }
        return found;
    }
}
