// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.ring;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.Objects;

/**
 * One direction of a byte ring without a header, as in {@code struct xencons_interface} (io/console.h) and {@code struct
 * xenstore_domain_interface} (io/xs_wire.h): a buffer whose size is a power of two, and two free-running 32-bit indices
 * that lie anywhere in the same memory. One producer, one consumer; this object serves either.
 *
 * <p>The peer is not trusted: a pair of indices further apart than the size is {@link #CORRUPT}, and moves nothing.
 */
public final class ByteRing {
    /** The indices are impossible; the peer broke the ring. */
    public static final int CORRUPT = -1;

    private static final VarHandle INDEX = ValueLayout.JAVA_INT.varHandle();

    private final MemorySegment memory;
    private final long buffer;
    private final int size;
    private final long consumerWord;
    private final long producerWord;

    /**
     * @param buffer offset of the bytes in {@code memory}
     * @param size a power of two
     * @param consumerWord offset of the consumer's index
     * @param producerWord offset of the producer's index
     * @throws IndexOutOfBoundsException if one of them lies outside the memory
     */
    public ByteRing(MemorySegment memory, long buffer, int size, long consumerWord, long producerWord) {
        if (size <= 0 || Integer.bitCount(size) != 1) {
            throw new IllegalArgumentException("ring size " + size + " is no power of two");
        }
        Objects.checkFromIndexSize(buffer, size, memory.byteSize());
        Objects.checkFromIndexSize(consumerWord, Integer.BYTES, memory.byteSize());
        Objects.checkFromIndexSize(producerWord, Integer.BYTES, memory.byteSize());
        this.memory = memory;
        this.buffer = buffer;
        this.size = size;
        this.consumerWord = consumerWord;
        this.producerWord = producerWord;
    }

    /** Bytes that the ring holds. */
    public int size() {
        return size;
    }

    /** Bytes to be read, or {@link #CORRUPT}. For the consumer: acquires what the producer published. */
    public int readable() {
        int used = (int) INDEX.getAcquire(memory, producerWord) - (int) INDEX.getAcquire(memory, consumerWord);
        return Integer.compareUnsigned(used, size) > 0 ? CORRUPT : used;
    }

    /** Bytes that can be written, or {@link #CORRUPT}. */
    public int writable() {
        int used = readable();
        return used == CORRUPT ? CORRUPT : size - used;
    }

    /**
     * Consumes up to {@code length} bytes.
     *
     * @return how many, or {@link #CORRUPT}
     */
    public int read(byte[] target, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, target.length);
        int consumer = (int) INDEX.getAcquire(memory, consumerWord);
        int used = (int) INDEX.getAcquire(memory, producerWord) - consumer;
        if (Integer.compareUnsigned(used, size) > 0) {
            return CORRUPT;
        }
        int count = Math.min(used, length);
        int at = consumer & (size - 1);
        int first = Math.min(count, size - at);
        MemorySegment.copy(memory, ValueLayout.JAVA_BYTE, buffer + at, target, offset, first);
        MemorySegment.copy(memory, ValueLayout.JAVA_BYTE, buffer, target, offset + first, count - first);
        // Full fence, as the C clients have it: the bytes are out before the space is given back.
        VarHandle.fullFence();
        INDEX.setRelease(memory, consumerWord, consumer + count);
        return count;
    }

    /**
     * Produces up to {@code length} bytes.
     *
     * @return how many, or {@link #CORRUPT}
     */
    public int write(byte[] source, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, source.length);
        int producer = (int) INDEX.getAcquire(memory, producerWord);
        int used = producer - (int) INDEX.getAcquire(memory, consumerWord);
        if (Integer.compareUnsigned(used, size) > 0) {
            return CORRUPT;
        }
        int count = Math.min(size - used, length);
        int at = producer & (size - 1);
        int first = Math.min(count, size - at);
        MemorySegment.copy(source, offset, memory, ValueLayout.JAVA_BYTE, buffer + at, first);
        MemorySegment.copy(source, offset + first, memory, ValueLayout.JAVA_BYTE, buffer, count - first);
        INDEX.setRelease(memory, producerWord, producer + count);
        // The caller looks next whether the consumer sleeps: the new index has to be visible before that.
        VarHandle.fullFence();
        return count;
    }
}
