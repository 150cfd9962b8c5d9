// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.examples.vkv;

import io.splitvisor.driver.backend.DeviceException;
import java.nio.file.Path;
import org.rocksdb.Options;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;
import org.rocksdb.WriteBatchWithIndex;
import org.rocksdb.WriteOptions;

/** RocksDB in a folder. It locks the folder itself, so that no two devices have one. */
final class RocksEngine implements Engine {
    private final Options options;
    private final ReadOptions reading;
    private final WriteOptions writing;
    private final WriteBatchWithIndex batch;
    private final RocksDB database;

    RocksEngine(Path folder) {
        RocksDB.loadLibrary();
        options = new Options().setCreateIfMissing(true);
        reading = new ReadOptions();
        writing = new WriteOptions();
        batch = new WriteBatchWithIndex(true);
        RocksDB opened = null;
        try {
            opened = RocksDB.open(options, folder.toString());
        } catch (RocksDBException e) {
            throw new DeviceException("vkv: " + folder + " cannot be opened: " + e.getMessage(), e);
        } finally {
            if (opened == null) {
                closeSettings();
            }
        }
        database = opened;
    }

    private void closeSettings() {
        batch.close();
        writing.close();
        reading.close();
        options.close();
    }

    @Override
    public void begin() {
        batch.clear();
    }

    @Override
    public byte[] get(byte[] key) {
        try {
            return batch.getFromBatchAndDB(database, reading, key);
        } catch (RocksDBException e) {
            throw failed(e);
        }
    }

    @Override
    public void put(byte[] key, byte[] value) {
        try {
            batch.put(key, value);
        } catch (RocksDBException e) {
            throw failed(e);
        }
    }

    @Override
    public void delete(byte[] key) {
        try {
            batch.delete(key);
        } catch (RocksDBException e) {
            throw failed(e);
        }
    }

    @Override
    public void commit() {
        try {
            if (batch.count() > 0) {
                database.write(writing, batch);
            }
        } catch (RocksDBException e) {
            throw failed(e);
        }
    }

    @Override
    public void scan(byte[] from, Visitor visitor) {
        try (RocksIterator iterator = database.newIterator(reading)) {
            iterator.seek(from);
            while (iterator.isValid() && visitor.visit(iterator.key(), iterator.value())) {
                iterator.next();
            }
            iterator.status();
        } catch (RocksDBException e) {
            throw failed(e);
        }
    }

    @Override
    public void sync() {
        try {
            database.syncWal();
        } catch (RocksDBException e) {
            throw failed(e);
        }
    }

    private static EngineException failed(RocksDBException cause) {
        return new EngineException("RocksDB: " + cause.getMessage(), cause);
    }

    @Override
    public void close() {
        database.close();
        closeSettings();
    }
}
