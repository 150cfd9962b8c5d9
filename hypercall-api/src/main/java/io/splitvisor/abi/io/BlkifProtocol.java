// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi.io;

import java.lang.foreign.MemorySegment;
import java.util.Optional;

/**
 * The two layouts of block requests, which the front end names in its {@code protocol} node (io/protocols.h). A 32-bit
 * guest aligns 64-bit fields to 4 bytes: everything from {@code id} on, in every kind of request, lies 4 bytes earlier.
 *
 * <p>A back end copies each request out of the ring anyway; {@link #copyRequest} brings it into the 64-bit form on the
 * way, so that nothing behind it knows the difference. A response has the same offsets in both.
 */
public enum BlkifProtocol {
    /** A 64-bit guest, and every guest that names nothing. */
    X86_64("x86_64-abi", BlkifRequest.SIZE, BlkifResponse.SIZE, (int) BlkifRequest.ID.offset()),
    /** A 32-bit guest. */
    X86_32("x86_32-abi", 108, 12, 4);

    /** Bytes before the first difference: operation and what stands beside it. */
    private static final long HEAD = 4;

    private static final long BODY = BlkifRequest.SIZE - BlkifRequest.ID.offset();

    private final String node;
    private final int requestSize;
    private final int responseSize;
    private final long id;

    BlkifProtocol(String node, int requestSize, int responseSize, long id) {
        this.node = node;
        this.requestSize = requestSize;
        this.responseSize = responseSize;
        this.id = id;
    }

    /** The protocol with this value of the {@code protocol} node; empty for another value. */
    public static Optional<BlkifProtocol> named(String node) {
        for (BlkifProtocol protocol : values()) {
            if (protocol.node.equals(node)) {
                return Optional.of(protocol);
            }
        }
        return Optional.empty();
    }

    /** The value of the {@code protocol} node. */
    public String node() {
        return node;
    }

    /** Bytes of a request. */
    public int requestSize() {
        return requestSize;
    }

    /** Bytes of a response. */
    public int responseSize() {
        return responseSize;
    }

    /** Bytes of a ring slot: the larger of request and response. */
    public int slotSize() {
        return requestSize;
    }

    /** Copies a request out of a ring slot into {@link BlkifRequest}'s form, reading every byte once. */
    public void copyRequest(MemorySegment ring, long slot, MemorySegment request, long at) {
        if (this == X86_64) {
            MemorySegment.copy(ring, slot, request, at, BlkifRequest.SIZE);
        } else {
            MemorySegment.copy(ring, slot, request, at, HEAD);
            MemorySegment.copy(ring, slot + id, request, at + BlkifRequest.ID.offset(), BODY);
        }
    }

    /** The reverse of {@link #copyRequest}, for a front end that speaks this protocol. */
    public void putRequest(MemorySegment request, long at, MemorySegment ring, long slot) {
        MemorySegment.copy(request, at, ring, slot, HEAD);
        MemorySegment.copy(request, at + BlkifRequest.ID.offset(), ring, slot + id, BODY);
    }
}
