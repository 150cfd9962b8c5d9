// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.examples.vkv;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * Entries of a buffer, one behind the other, each padded to 8 bytes:
 *
 * <pre>
 *   offset  size  field       written by
 *        0     1  kind        front end: GET, PUT, DELETE; back end for a scan: GET
 *        1     1  status      back end: DONE, NOT_FOUND, TOO_LONG (the space is too small; length says how long it is)
 *        2     2  key length  whose entry it is
 *        4     4  length      of the value: of PUT by the front end, of what was found by the back end
 *        8     4  space       front end, for GET: bytes for the value
 *       12     4  reserved    0
 *       16        key, value or space for it
 * </pre>
 */
final class Entries {
    static final int GET = 0;
    static final int PUT = 1;
    static final int DELETE = 2;

    static final int DONE = 0;
    static final int NOT_FOUND = 1;
    static final int TOO_LONG = 2;

    static final int MOST_KEY = 1024;

    private static final int STATUS = 1;
    private static final int KEY_LENGTH = 2;
    private static final int LENGTH = 4;
    private static final int SPACE = 8;
    private static final int HEADER = 16;
    private static final int ALIGN = 8;

    /** A buffer of which a part is entries, and this is the next. */
    private final MemorySegment buffer;

    private long at;
    private long end;

    Entries(MemorySegment buffer) {
        this.buffer = buffer;
    }

    void rewind() {
        at = 0;
        end = 0;
    }

    /** For a reader: goes to the next entry; false if what is there is none. */
    boolean next() {
        at = end;
        if (at + HEADER > buffer.byteSize() || keyLength() > MOST_KEY || kind() > DELETE) {
            return false;
        }
        long bytes = HEADER + keyLength() + room();
        end = padded(at + bytes);
        return at + bytes <= buffer.byteSize();
    }

    /** For a writer: begins an entry; false if it does not fit. */
    boolean add(int kind, byte[] key, long room) {
        long bytes = HEADER + key.length + room;
        if (end + bytes > buffer.byteSize()) {
            return false;
        }
        at = end;
        end = padded(at + bytes);
        buffer.asSlice(at, HEADER).fill((byte) 0);
        buffer.set(JAVA_BYTE, at, (byte) kind);
        buffer.set(JAVA_SHORT_UNALIGNED, at + KEY_LENGTH, (short) key.length);
        buffer.set(JAVA_INT_UNALIGNED, at + (kind == PUT ? LENGTH : SPACE), (int) room);
        MemorySegment.copy(key, 0, buffer, JAVA_BYTE, at + HEADER, key.length);
        return true;
    }

    private static long padded(long bytes) {
        return (bytes + ALIGN - 1) / ALIGN * ALIGN;
    }

    int kind() {
        return Byte.toUnsignedInt(buffer.get(JAVA_BYTE, at));
    }

    int status() {
        return Byte.toUnsignedInt(buffer.get(JAVA_BYTE, at + STATUS));
    }

    private int keyLength() {
        return Short.toUnsignedInt(buffer.get(JAVA_SHORT_UNALIGNED, at + KEY_LENGTH));
    }

    /** Bytes behind the key. */
    private long room() {
        long offset = kind() == PUT ? LENGTH : SPACE;
        return Integer.toUnsignedLong(buffer.get(JAVA_INT_UNALIGNED, at + offset));
    }

    byte[] key() {
        return buffer.asSlice(at + HEADER, keyLength()).toArray(JAVA_BYTE);
    }

    /** The value of a PUT, or what was found. */
    byte[] value() {
        int length = buffer.get(JAVA_INT_UNALIGNED, at + LENGTH);
        return buffer.asSlice(at + HEADER + keyLength(), length).toArray(JAVA_BYTE);
    }

    /** Says what became of the entry. */
    void status(int status) {
        buffer.set(JAVA_BYTE, at + STATUS, (byte) status);
    }

    /** Says what was found: the value, where there is room for it; null for nothing. */
    void found(byte[] value) {
        if (value == null) {
            status(NOT_FOUND);
            return;
        }
        buffer.set(JAVA_INT_UNALIGNED, at + LENGTH, value.length);
        if (value.length > room()) {
            status(TOO_LONG);
        } else {
            MemorySegment.copy(value, 0, buffer, JAVA_BYTE, at + HEADER + keyLength(), value.length);
            status(DONE);
        }
    }

    /** For the writer of a value: puts it behind the key of the entry that was begun. */
    void put(byte[] value) {
        MemorySegment.copy(value, 0, buffer, JAVA_BYTE, at + HEADER + keyLength(), value.length);
    }
}
