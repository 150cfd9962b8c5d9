// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.examples.kv;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class KeyValueStoreTest {
    /** A disk in memory that can lose what was written since the last flush. */
    private static final class MemoryDisk implements SectorStorage {
        private final byte[] bytes;
        private byte[] durable;

        MemoryDisk(int sectors) {
            bytes = new byte[sectors * SECTOR];
            durable = bytes.clone();
        }

        @Override
        public long sectors() {
            return bytes.length / SECTOR;
        }

        @Override
        public void read(long sector, byte[] buffer) {
            System.arraycopy(bytes, (int) sector * SECTOR, buffer, 0, buffer.length);
        }

        @Override
        public void write(long sector, byte[] buffer) {
            System.arraycopy(buffer, 0, bytes, (int) sector * SECTOR, buffer.length);
        }

        @Override
        public void flush() {
            durable = bytes.clone();
        }

        void losePower() {
            System.arraycopy(durable, 0, bytes, 0, bytes.length);
        }
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    @Test
    void shouldFindWhatWasStoredAfterOpeningAgain() {
        MemoryDisk disk = new MemoryDisk(100);
        KeyValueStore store = KeyValueStore.open(disk);
        store.put("colour", utf8("blue"));
        store.put("colour", utf8("green"));
        store.put("gone", utf8("x"));
        assertThat(store.remove("gone")).isTrue();
        store.sync();

        KeyValueStore again = KeyValueStore.open(disk);

        assertThat(again.get("colour")).isEqualTo(utf8("green"));
        assertThat(again.get("gone")).isNull();
        assertThat(again.keys()).containsExactly("colour");
    }

    @Test
    void shouldLoseOnlyWhatWasNotSynced() {
        MemoryDisk disk = new MemoryDisk(100);
        KeyValueStore store = KeyValueStore.open(disk);
        store.put("a", utf8("1"));
        store.sync();
        store.put("b", utf8("2"));
        disk.losePower();

        KeyValueStore again = KeyValueStore.open(disk);

        assertThat(again.keys()).containsExactly("a");
    }

    @Test
    void shouldEndTheLogAtATornRecord() {
        MemoryDisk disk = new MemoryDisk(100);
        KeyValueStore store = KeyValueStore.open(disk);
        store.put("a", utf8("1"));
        store.put("long", new byte[2000]);
        byte[] torn = new byte[SectorStorage.SECTOR];
        Arrays.fill(torn, (byte) 7);
        // Generation 1 is the second half; the long record starts behind the first one.
        disk.write(1 + 49 + 1 + 2, torn);

        assertThat(KeyValueStore.open(disk).keys()).containsExactly("a");
    }

    @Test
    void shouldSayWhenTheDiskIsFull() {
        KeyValueStore store = KeyValueStore.open(new MemoryDisk(21));
        for (int i = 0; i < 10; i++) {
            store.put("k" + i, utf8("v"));
        }
        assertThatThrownBy(() -> store.put("one more", utf8("v")))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("full");
        assertThat(store.get("k9")).isEqualTo(utf8("v"));
    }

    @Test
    void shouldRefuseEmptyKeys() {
        KeyValueStore store = KeyValueStore.open(new MemoryDisk(21));
        assertThatThrownBy(() -> store.put("", utf8("v"))).isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void shouldBehaveLikeAMapThroughCompactionsAndRestarts(long seed) {
        Random random = new Random(seed);
        MemoryDisk disk = new MemoryDisk(301);
        KeyValueStore store = KeyValueStore.open(disk);
        Map<String, byte[]> model = new HashMap<>();
        for (int i = 0; i < 3000; i++) {
            String key = "key-" + random.nextInt(20);
            switch (random.nextInt(10)) {
                case 0 -> assertThat(store.remove(key)).isEqualTo(model.remove(key) != null);
                case 1 -> {
                    store.sync();
                    store = KeyValueStore.open(disk);
                }
                default -> {
                    byte[] value = new byte[random.nextInt(1500)];
                    random.nextBytes(value);
                    store.put(key, value);
                    model.put(key, value);
                }
            }
            assertThat(store.get(key)).isEqualTo(model.get(key));
        }
        assertThat(store.keys()).isEqualTo(model.keySet());
        assertThat(store.generation()).as("the log was rewritten").isGreaterThan(1);
    }
}
