// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.frontend;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * The calls that are in a ring, by the ids that responses name. The low bits of an id are an index into this table; the upper
 * ones change with every use, so that a response to an old request is told from one to this. Under the queue's lock.
 */
final class InFlight {
    private final RingCall[] calls;
    private final long[] ids;
    private final int[] free;
    private final long idMask;
    private int freeCount;

    /**
     * @param slots a power of two
     * @param idBits bits of an id, as the protocol declares it
     */
    InFlight(int slots, int idBits) {
        int count = (int) Math.min(slots, 1L << Math.min(idBits, Integer.SIZE - 2));
        this.calls = new RingCall[count];
        this.ids = new long[count];
        this.free = new int[count];
        this.idMask = -1L >>> (Long.SIZE - idBits);
        for (int i = 0; i < count; i++) {
            ids[i] = i;
            free[i] = count - 1 - i;
        }
        this.freeCount = count;
    }

    boolean hasRoom() {
        return freeCount > 0;
    }

    boolean isEmpty() {
        return freeCount == calls.length;
    }

    /** Puts a call in, and answers its id. */
    long add(RingCall call) {
        int index = free[--freeCount];
        long id = ids[index] + calls.length & idMask;
        ids[index] = id;
        calls[index] = call;
        return id;
    }

    /** The call that has an id; null if it is no id of a call in flight. */
    RingCall find(long id) {
        int index = (int) id & (calls.length - 1);
        return ids[index] == (id & idMask) ? calls[index] : null;
    }

    /** A call that was found is answered. */
    void remove(long id) {
        int index = (int) id & (calls.length - 1);
        calls[index] = null;
        free[freeCount++] = index;
    }

    /** Empties the table: the calls in the order in which they were submitted. */
    List<RingCall> removeAll() {
        List<RingCall> all = new ArrayList<>();
        for (int index = 0; index < calls.length; index++) {
            if (calls[index] != null) {
                all.add(calls[index]);
                calls[index] = null;
                free[freeCount++] = index;
            }
        }
        all.sort(Comparator.comparingLong(call -> call.sequence));
        return all;
    }
}
