// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver;

import io.splitvisor.ring.ByteRing;
import java.lang.foreign.MemorySegment;

/**
 * One direction of a byte ring in a shared page: the bytes, and two free-running indices.
 *
 * @param bytes a power of two of them
 * @param consumer how many were consumed; the consumer writes it
 * @param producer how many were produced; the producer writes it
 */
public record ByteStream(Field.Bytes bytes, Field.U32 consumer, Field.U32 producer) {
    /** The ring in a page that starts at {@code at}. */
    public ByteRing ring(MemorySegment memory, long at) {
        return new ByteRing(
                memory, at + bytes.offset(), bytes.length(), at + consumer.offset(), at + producer.offset());
    }
}
