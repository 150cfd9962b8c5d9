// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.examples.kv;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * A key-value store whose disk is a log: every change is a record appended, and where each key's value lies is kept in
 * memory. The disk has two halves. When the one in use is full, the live records are copied to the other, and the
 * superblock, written last, makes that one the log. After a crash the log ends at the first record that is not whole.
 *
 * <p>A change is durable when {@link #sync} returns; several changes may share one. Not thread-safe.
 */
final class KeyValueStore {
    private static final long MAGIC = 0x53564b5653544f52L;
    private static final int SECTOR = SectorStorage.SECTOR;

    /** Where a value lies. */
    private record Place(long sector, int sectors) {}

    private final SectorStorage disk;
    private final long half;
    private final Map<String, Place> index = new LinkedHashMap<>();
    private long generation;
    private long tail;

    private KeyValueStore(SectorStorage disk) {
        this.disk = disk;
        this.half = (disk.sectors() - 1) / 2;
    }

    /** Opens the store on a disk; a disk without one gets an empty one. */
    static KeyValueStore open(SectorStorage disk) {
        KeyValueStore store = new KeyValueStore(disk);
        byte[] superblock = new byte[SECTOR];
        disk.read(0, superblock);
        ByteBuffer b = ByteBuffer.wrap(superblock);
        if (b.getLong(0) == MAGIC) {
            store.generation = b.getLong(8);
            store.tail = store.start();
            store.replay();
        } else {
            store.generation = 1;
            store.tail = store.start();
            store.writeSuperblock();
        }
        return store;
    }

    private long start() {
        return 1 + (generation & 1) * half;
    }

    private long end() {
        return start() + half;
    }

    private void writeSuperblock() {
        byte[] superblock = new byte[SECTOR];
        ByteBuffer.wrap(superblock).putLong(MAGIC).putLong(generation);
        disk.flush();
        disk.write(0, superblock);
        disk.flush();
    }

    private void replay() {
        byte[] first = new byte[SECTOR];
        while (tail < end()) {
            disk.read(tail, first);
            int sectors = LogRecord.sectorsFrom(first, generation);
            if (sectors == 0 || tail + sectors > end()) {
                return;
            }
            LogRecord record = LogRecord.decode(readSectors(new Place(tail, sectors)));
            if (record == null) {
                return;
            }
            remember(record, sectors);
            tail += sectors;
        }
    }

    private byte[] readSectors(Place place) {
        byte[] bytes = new byte[place.sectors * SECTOR];
        disk.read(place.sector, bytes);
        return bytes;
    }

    private void remember(LogRecord record, int sectors) {
        if (record.value() == null) {
            index.remove(record.key());
        } else {
            index.put(record.key(), new Place(tail, sectors));
        }
    }

    /**
     * Stores a value.
     *
     * @throws IllegalArgumentException if key or value is too long
     * @throws IllegalStateException if the disk is full of live values
     */
    void put(String key, byte[] value) {
        int keyLength = key.getBytes(StandardCharsets.UTF_8).length;
        if (keyLength == 0 || keyLength > LogRecord.MAX_KEY || value.length > LogRecord.MAX_VALUE) {
            throw new IllegalArgumentException(
                    "a key has 1 to " + LogRecord.MAX_KEY + " bytes, a value at most " + LogRecord.MAX_VALUE);
        }
        append(key, value);
    }

    /** Removes a key; whether it was there. */
    boolean remove(String key) {
        if (!index.containsKey(key)) {
            return false;
        }
        append(key, null);
        return true;
    }

    /** A key's value; null if it has none. */
    byte[] get(String key) {
        Place place = index.get(key);
        if (place == null) {
            return null;
        }
        LogRecord record = LogRecord.decode(readSectors(place));
        if (record == null || !record.key().equals(key)) {
            throw new IllegalStateException("the record of '" + key + "' at sector " + place.sector + " is damaged");
        }
        return record.value();
    }

    /** All keys, the one changed longest ago first. */
    Set<String> keys() {
        return Set.copyOf(index.keySet());
    }

    int size() {
        return index.size();
    }

    /** How often the log was rewritten since the store was made. */
    long generation() {
        return generation;
    }

    /** Returns when every change so far is durable. */
    void sync() {
        disk.flush();
    }

    private void append(String key, byte[] value) {
        byte[] bytes = new LogRecord(generation, key, value).encode();
        if (tail + bytes.length / SECTOR > end()) {
            compact();
            bytes = new LogRecord(generation, key, value).encode();
            if (tail + bytes.length / SECTOR > end()) {
                throw new IllegalStateException("the disk is full: " + index.size() + " live keys");
            }
        }
        disk.write(tail, bytes);
        remember(new LogRecord(generation, key, value), bytes.length / SECTOR);
        tail += bytes.length / SECTOR;
    }

    /** Copies what is alive to the other half, which becomes the log. */
    private void compact() {
        Map<String, Place> old = new LinkedHashMap<>(index);
        generation++;
        tail = start();
        index.clear();
        for (Map.Entry<String, Place> entry : old.entrySet()) {
            LogRecord live = LogRecord.decode(readSectors(entry.getValue()));
            if (live == null) {
                throw new IllegalStateException("the record of '" + entry.getKey() + "' is damaged");
            }
            byte[] bytes = new LogRecord(generation, live.key(), live.value()).encode();
            disk.write(tail, bytes);
            remember(live, bytes.length / SECTOR);
            tail += bytes.length / SECTOR;
        }
        writeSuperblock();
    }
}
