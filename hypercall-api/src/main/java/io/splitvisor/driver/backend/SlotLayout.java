// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.backend;

import io.splitvisor.driver.Protocol;
import java.lang.foreign.MemorySegment;

/**
 * How a front end lays out requests in its ring (io/protocols.h). Drivers see requests in the form of their declaration,
 * whatever the front end's is; responses are the same in all.
 */
public interface SlotLayout {
    /** What 64-bit front ends call their layout, which is the declaration's. */
    String NATIVE_NAME = "x86_64-abi";

    /** Bytes of a slot. */
    int slotSize();

    /** Copies a request out of a slot into the declared form, reading every byte once. */
    void copyRequest(MemorySegment ring, long slot, MemorySegment request, long at);

    /** The layout as it was declared. */
    static SlotLayout of(Protocol protocol) {
        return new NativeLayout(protocol.slotSize());
    }

    /**
     * The declared layout: a slot is copied as it is.
     *
     * @param slotSize bytes of a slot
     */
    record NativeLayout(int slotSize) implements SlotLayout {
        @Override
        public void copyRequest(MemorySegment ring, long slot, MemorySegment request, long at) {
            MemorySegment.copy(ring, slot, request, at, slotSize);
        }
    }
}
