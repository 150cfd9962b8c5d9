// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.ring;

import io.splitvisor.host.HostMemory;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * Geometry and shared indices of a Xen ring ({@code __name_sring} in xen/include/public/io/ring.h).
 *
 * <pre>
 *   offset  size  field       written by
 *        0     4  req_prod    front end
 *        4     4  req_event   back end: "notify me when req_prod passes this"
 *        8     4  rsp_prod    back end
 *       12     4  rsp_event   front end: "notify me when rsp_prod passes this"
 *       16    48  pvt, pad    nobody
 *       64     -  slots       each as large as the larger of request and response
 * </pre>
 *
 * Indices run freely over 32 bits; a slot is the index modulo the number of slots, the largest power of two that fits.
 *
 * <p>Memory order: a producer's {@code release} store of {@code *_prod} pairs with the consumer's {@code acquire} load;
 * event words are read after a full fence that follows the producer store, and written before a full fence that precedes
 * the consumer's last look, so one side always sees the other (no lost wake-up).
 */
public final class SharedRing {
    /** Bytes before the first slot. */
    public static final int HEADER_BYTES = 64;

    static final int REQ_PROD = 0;
    static final int REQ_EVENT = 4;
    static final int RSP_PROD = 8;
    static final int RSP_EVENT = 12;

    private SharedRing() {}

    /**
     * Slots in a ring ({@code __RING_SIZE}).
     *
     * @param bytes size of the whole ring, header included
     * @param slotBytes size of the larger of request and response
     */
    public static int slots(long bytes, int slotBytes) {
        if (slotBytes <= 0 || bytes < HEADER_BYTES + (long) slotBytes) {
            throw new IllegalArgumentException("no slot of " + slotBytes + " bytes in a ring of " + bytes);
        }
        return (int) Long.highestOneBit((bytes - HEADER_BYTES) / slotBytes);
    }

    /** {@code SHARED_RING_INIT}: both producers 0, both events 1, the rest of the header zero; slots stay untouched. */
    public static void init(MemorySegment ring) {
        ring.asSlice(0, HEADER_BYTES).fill((byte) 0);
        ring.set(ValueLayout.JAVA_INT, REQ_EVENT, 1);
        ring.set(ValueLayout.JAVA_INT, RSP_EVENT, 1);
        VarHandle.releaseFence();
    }

    /**
     * Where a ring lies whose accesses will not be checked any more: every one of them is within the ring by its
     * geometry, and a ring that is closed stays readable and writable as long as its segment can be reached.
     *
     * @throws IllegalArgumentException for memory of the heap, which moves, for memory that cannot be written, and for memory that
     *     is not aligned to 4 bytes
     * @throws IllegalStateException for memory that is closed
     */
    static long address(MemorySegment ring) {
        if (!ring.isNative() || ring.isReadOnly() || ring.address() % Integer.BYTES != 0) {
            throw new IllegalArgumentException("no memory for a ring: " + ring);
        }
        if (!ring.scope().isAlive()) {
            throw new IllegalStateException("the ring's memory is closed");
        }
        return ring.address();
    }

    /** {@code RING_PUSH_*_AND_CHECK_NOTIFY}: publishes, and tells whether the event word lies in (old, new]. */
    static boolean publishAndCheckNotify(long ring, int producerWord, int eventWord, int old, int now) {
        HostMemory.release(ring + producerWord, now);
        VarHandle.fullFence();
        int event = HostMemory.opaque(ring + eventWord);
        return Integer.compareUnsigned(now - event, now - old) < 0;
    }

    /** Second half of {@code RING_FINAL_CHECK_FOR_*}: asks for a notification from {@code consumer + 1} on. */
    static void requestEvent(long ring, int eventWord, int consumer) {
        HostMemory.opaque(ring + eventWord, consumer + 1);
        VarHandle.fullFence();
    }
}
