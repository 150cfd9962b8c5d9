// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.hypercall;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.UUID;

/** {@code xen_domain_handle_t} (xen.h): a UUID as 16 bytes, in the order in which it is written down. */
public final class DomainHandle {
    /** Its bytes. */
    public static final int SIZE = 16;

    private static final ValueLayout.OfLong BIG_ENDIAN =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    private DomainHandle() {}

    /** Reads one. */
    public static UUID get(MemorySegment memory, long at) {
        return new UUID(memory.get(BIG_ENDIAN, at), memory.get(BIG_ENDIAN, at + Long.BYTES));
    }

    /** Writes one. */
    public static void put(MemorySegment memory, long at, UUID handle) {
        memory.set(BIG_ENDIAN, at, handle.getMostSignificantBits());
        memory.set(BIG_ENDIAN, at + Long.BYTES, handle.getLeastSignificantBits());
    }
}
