// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.stress.ring;

import io.splitvisor.ring.SharedRing;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Memory for many short-lived rings, cut from large pieces: a piece goes when the last ring in it does. */
final class RingMemory {
    private static final long PIECE_BYTES = 1 << 18;
    private static final long LINE_BYTES = 64;

    private static MemorySegment piece = MemorySegment.NULL;
    private static long used;

    private RingMemory() {}

    /** Zeroes for a ring with so many bytes of slots. */
    static synchronized MemorySegment next(long slotBytes) {
        long bytes = SharedRing.HEADER_BYTES + slotBytes;
        if (piece.byteSize() - used < bytes) {
            piece = Arena.ofAuto().allocate(PIECE_BYTES, LINE_BYTES);
            used = 0;
        }
        MemorySegment ring = piece.asSlice(used, bytes);
        used += (bytes + LINE_BYTES - 1) & -LINE_BYTES;
        return ring;
    }
}
