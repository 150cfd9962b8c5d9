// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.examples.kv;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32C;

/**
 * One record of the log, padded to whole sectors:
 *
 * <pre>
 *    0  4  magic "KVLR"
 *    4  4  CRC-32C of everything from offset 8 to the end of the value
 *    8  8  generation of the log
 *   16  4  length of the key
 *   20  4  length of the value; -1 for a deletion
 *   24  -  key, value
 * </pre>
 *
 * A record counts if its checksum is right and its generation is the log's: what an older log left behind has another.
 *
 * @param generation the log it belongs to
 * @param key not empty
 * @param value null for a deletion
 */
record LogRecord(long generation, String key, byte[] value) {
    static final int HEADER = 24;
    static final int MAX_KEY = 1024;
    static final int MAX_VALUE = 1 << 20;

    private static final int MAGIC = 0x4b564c52;

    /** Sectors that a record with these lengths takes. */
    static int sectors(int keyLength, int valueLength) {
        int bytes = HEADER + keyLength + Math.max(valueLength, 0);
        return (bytes + SectorStorage.SECTOR - 1) / SectorStorage.SECTOR;
    }

    byte[] encode() {
        byte[] name = key.getBytes(StandardCharsets.UTF_8);
        int valueLength = value == null ? -1 : value.length;
        byte[] bytes = new byte[sectors(name.length, valueLength) * SectorStorage.SECTOR];
        ByteBuffer b = ByteBuffer.wrap(bytes);
        b.putInt(MAGIC).putInt(0).putLong(generation).putInt(name.length).putInt(valueLength);
        b.put(name);
        if (value != null) {
            b.put(value);
        }
        b.putInt(4, checksum(bytes, b.position()));
        return bytes;
    }

    /** Sectors of the record that starts with this one; 0 if none of this generation does. */
    static int sectorsFrom(byte[] first, long generation) {
        ByteBuffer b = ByteBuffer.wrap(first);
        int keyLength = b.getInt(16);
        int valueLength = b.getInt(20);
        boolean plausible = b.getInt(0) == MAGIC
                && b.getLong(8) == generation
                && keyLength > 0
                && keyLength <= MAX_KEY
                && valueLength >= -1
                && valueLength <= MAX_VALUE;
        return plausible ? sectors(keyLength, valueLength) : 0;
    }

    /** Decodes a record; null if its checksum is wrong, as after a crash in the middle of writing it. */
    static LogRecord decode(byte[] bytes) {
        ByteBuffer b = ByteBuffer.wrap(bytes);
        long generation = b.getLong(8);
        int keyLength = b.getInt(16);
        int valueLength = b.getInt(20);
        int end = HEADER + keyLength + Math.max(valueLength, 0);
        if (b.getInt(4) != checksum(bytes, end)) {
            return null;
        }
        String key = new String(bytes, HEADER, keyLength, StandardCharsets.UTF_8);
        byte[] value = null;
        if (valueLength >= 0) {
            value = new byte[valueLength];
            b.get(HEADER + keyLength, value);
        }
        return new LogRecord(generation, key, value);
    }

    private static int checksum(byte[] bytes, int end) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, 8, end - 8);
        return (int) crc.getValue();
    }
}
