// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.util.Objects;

/**
 * A field of a structure in shared memory: where it lies, and how it is read and written. Made by {@link Struct.Builder}.
 *
 * <p>Keep fields in static finals: their accessors then compile to the one load or store that a hand-written class of offsets
 * would have. {@code at} is where the structure starts in {@code memory}; it need not be aligned. Accesses are plain:
 * whoever reads what another domain may change copies the structure first.
 */
public sealed interface Field {
    /** C name of the structure. */
    String struct();

    /** C name of the field. */
    String name();

    /** Bytes from the structure's start. */
    long offset();

    /** Bytes. */
    long size();

    /** C's natural alignment. */
    long alignment();

    /**
     * Where a structure is that is about to be accessed without a check.
     *
     * @throws IndexOutOfBoundsException if so many bytes do not have this field
     */
    default long within(long at, long bytes) {
        Objects.checkFromIndexSize(offset(), size(), bytes);
        return at;
    }

    /** A field that is one number. */
    sealed interface Scalar extends Field {
        /** The value, widened as its type says; 64 unsigned bits keep their bits. */
        default long read(MemorySegment memory, long at) {
            return place().read(memory, at);
        }

        /** Stores the low bits of a value. */
        default void write(MemorySegment memory, long at, long value) {
            place().write(memory, at, value);
        }

        /** Where it lies, for whoever goes there often and does not know when compiled which field it is. */
        default Place place() {
            return new Place(offset(), (int) size(), signed());
        }

        /** Whether its highest bit is a sign. */
        default boolean signed() {
            return false;
        }

        /** The smallest value of its type; of 64 unsigned bits the smallest, 0. */
        default long smallest() {
            return signed() ? -1L << (size() * 8 - 1) : 0;
        }

        /** The largest value of its type; of 64 unsigned bits -1, which has all of them set. */
        default long largest() {
            return -1L >>> (64 - size() * 8 + (signed() ? 1 : 0));
        }

        @Override
        default long alignment() {
            return size();
        }
    }

    /** A number of up to 32 bits. */
    sealed interface OfInt extends Scalar {
        /** The value, widened as its type says; 32 unsigned bits keep their bits. */
        int get(MemorySegment memory, long at);

        /** Stores the low bits of a value. */
        void set(MemorySegment memory, long at, int value);
    }

    /** A number of 64 bits. */
    sealed interface OfLong extends Scalar {
        /** The value; 64 unsigned bits keep their bits. */
        long get(MemorySegment memory, long at);

        /** Stores a value. */
        void set(MemorySegment memory, long at, long value);
    }

    /** An unsigned byte, {@code uint8_t}: 0 to 255. */
    record U8(String struct, String name, long offset) implements OfInt {
        @Override
        public int get(MemorySegment memory, long at) {
            return Byte.toUnsignedInt(memory.get(JAVA_BYTE, at + offset));
        }

        @Override
        public void set(MemorySegment memory, long at, int value) {
            memory.set(JAVA_BYTE, at + offset, (byte) value);
        }

        @Override
        public long size() {
            return 1;
        }
    }

    /** {@code uint16_t}: 0 to 65535. */
    record U16(String struct, String name, long offset) implements OfInt {
        @Override
        public int get(MemorySegment memory, long at) {
            return Short.toUnsignedInt(memory.get(JAVA_SHORT_UNALIGNED, at + offset));
        }

        @Override
        public void set(MemorySegment memory, long at, int value) {
            memory.set(JAVA_SHORT_UNALIGNED, at + offset, (short) value);
        }

        @Override
        public long size() {
            return 2;
        }
    }

    /** {@code uint32_t}: keeps its bits, so compare with {@link Integer#compareUnsigned}. */
    record U32(String struct, String name, long offset) implements OfInt {
        @Override
        public int get(MemorySegment memory, long at) {
            return memory.get(JAVA_INT_UNALIGNED, at + offset);
        }

        @Override
        public void set(MemorySegment memory, long at, int value) {
            memory.set(JAVA_INT_UNALIGNED, at + offset, value);
        }

        @Override
        public long size() {
            return 4;
        }
    }

    /** {@code uint64_t}: keeps its bits, so compare with {@link Long#compareUnsigned}. */
    record U64(String struct, String name, long offset) implements OfLong {
        @Override
        public long get(MemorySegment memory, long at) {
            return memory.get(JAVA_LONG_UNALIGNED, at + offset);
        }

        @Override
        public void set(MemorySegment memory, long at, long value) {
            memory.set(JAVA_LONG_UNALIGNED, at + offset, value);
        }

        @Override
        public long size() {
            return 8;
        }
    }

    /** {@code int8_t}. */
    record I8(String struct, String name, long offset) implements OfInt {
        @Override
        public int get(MemorySegment memory, long at) {
            return memory.get(JAVA_BYTE, at + offset);
        }

        @Override
        public void set(MemorySegment memory, long at, int value) {
            memory.set(JAVA_BYTE, at + offset, (byte) value);
        }

        @Override
        public long size() {
            return 1;
        }

        @Override
        public boolean signed() {
            return true;
        }
    }

    /** {@code int16_t}. */
    record I16(String struct, String name, long offset) implements OfInt {
        @Override
        public int get(MemorySegment memory, long at) {
            return memory.get(JAVA_SHORT_UNALIGNED, at + offset);
        }

        @Override
        public void set(MemorySegment memory, long at, int value) {
            memory.set(JAVA_SHORT_UNALIGNED, at + offset, (short) value);
        }

        @Override
        public long size() {
            return 2;
        }

        @Override
        public boolean signed() {
            return true;
        }
    }

    /** {@code int32_t}. */
    record I32(String struct, String name, long offset) implements OfInt {
        @Override
        public int get(MemorySegment memory, long at) {
            return memory.get(JAVA_INT_UNALIGNED, at + offset);
        }

        @Override
        public void set(MemorySegment memory, long at, int value) {
            memory.set(JAVA_INT_UNALIGNED, at + offset, value);
        }

        @Override
        public long size() {
            return 4;
        }

        @Override
        public boolean signed() {
            return true;
        }
    }

    /** {@code int64_t}. */
    record I64(String struct, String name, long offset) implements OfLong {
        @Override
        public long get(MemorySegment memory, long at) {
            return memory.get(JAVA_LONG_UNALIGNED, at + offset);
        }

        @Override
        public void set(MemorySegment memory, long at, long value) {
            memory.set(JAVA_LONG_UNALIGNED, at + offset, value);
        }

        @Override
        public long size() {
            return 8;
        }

        @Override
        public boolean signed() {
            return true;
        }
    }

    /**
     * A grant reference of one page, {@code grant_ref_t}: any 32 bits.
     *
     * @param access what the back end does with the page
     */
    record Gref(String struct, String name, long offset, Access access) implements Scalar {
        public int get(MemorySegment memory, long at) {
            return memory.get(JAVA_INT_UNALIGNED, at + offset);
        }

        public void set(MemorySegment memory, long at, int value) {
            memory.set(JAVA_INT_UNALIGNED, at + offset, value);
        }

        @Override
        public long size() {
            return 4;
        }
    }

    /** An array of bytes, {@code uint8_t name[length]}. */
    record Bytes(String struct, String name, long offset, int length) implements Field {
        /** The byte at an index, 0 to 255. */
        public int get(MemorySegment memory, long at, int index) {
            return Byte.toUnsignedInt(memory.get(JAVA_BYTE, at + offset + Objects.checkIndex(index, length)));
        }

        public void set(MemorySegment memory, long at, int index, int value) {
            memory.set(JAVA_BYTE, at + offset + Objects.checkIndex(index, length), (byte) value);
        }

        /** A view of the bytes. Makes an object, which the compiler often removes. */
        public MemorySegment slice(MemorySegment memory, long at) {
            return memory.asSlice(at + offset, length);
        }

        @Override
        public long size() {
            return length;
        }

        @Override
        public long alignment() {
            return 1;
        }
    }

    /**
     * An array of numbers.
     *
     * @param <E> type of an element
     * @param element the first element; read and written with {@link #at} as its structure's start
     * @param count how many
     */
    record Array<E extends Scalar>(E element, int count) implements Field {
        /** Where a structure would start whose {@link #element} is the one at this index. */
        public long at(long at, int index) {
            return at + Objects.checkIndex(index, count) * element.size();
        }

        @Override
        public String struct() {
            return element.struct();
        }

        @Override
        public String name() {
            return element.name();
        }

        @Override
        public long offset() {
            return element.offset();
        }

        @Override
        public long size() {
            return count * element.size();
        }

        @Override
        public long alignment() {
            return element.alignment();
        }
    }

    /**
     * Structures within the structure.
     *
     * @param element their layout
     * @param count how many; 0 for one that is no array
     */
    record Structs(String struct, String name, long offset, Struct element, int count) implements Field {
        /** Where the one structure starts, or the first of an array. */
        public long at(long at) {
            return at + offset;
        }

        /** Where the structure at an index starts. */
        public long at(long at, int index) {
            return at + offset + Objects.checkIndex(index, Math.max(1, count)) * element.size();
        }

        @Override
        public long size() {
            return Math.max(1, count) * element.size();
        }

        @Override
        public long alignment() {
            return element.alignment();
        }
    }
}
