// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.examples.vkv;

import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;

/** Keys and values in memory; a put of the key "fail" fails. */
final class MapEngine implements Engine {
    private final Map<byte[], byte[]> map = new TreeMap<>(Arrays::compareUnsigned);
    private Map<byte[], byte[]> batch = new TreeMap<>(Arrays::compareUnsigned);

    @Override
    public void begin() {
        batch = new TreeMap<>(map);
    }

    @Override
    public byte[] get(byte[] key) {
        return batch.get(key);
    }

    @Override
    public void put(byte[] key, byte[] value) {
        if (Arrays.equals(key, "fail".getBytes(java.nio.charset.StandardCharsets.US_ASCII))) {
            throw new EngineException("as asked", null);
        }
        batch.put(key, value);
    }

    @Override
    public void delete(byte[] key) {
        batch.remove(key);
    }

    @Override
    public void commit() {
        map.clear();
        map.putAll(batch);
    }

    @Override
    public void scan(byte[] from, Visitor visitor) {
        for (Map.Entry<byte[], byte[]> entry : map.entrySet()) {
            if (Arrays.compareUnsigned(entry.getKey(), from) >= 0 && !visitor.visit(entry.getKey(), entry.getValue())) {
                return;
            }
        }
    }

    @Override
    public void sync() {
        // Memory is as durable as it gets.
    }

    @Override
    public void close() {
        map.clear();
    }
}
