// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.examples.vkv;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.splitvisor.driver.backend.DeviceConfig;
import io.splitvisor.driver.backend.DeviceException;
import io.splitvisor.driver.backend.Threads;
import io.splitvisor.driver.frontend.CallException;
import io.splitvisor.driver.frontend.Frontend;
import io.splitvisor.driver.frontend.FrontendSettings;
import io.splitvisor.driver.testkit.BackendUnderTest;
import io.splitvisor.driver.testkit.Machine;
import io.splitvisor.driver.testkit.Order;
import io.splitvisor.driver.testkit.TestGuest;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the device does, with RocksDB behind it. */
class VkvTest {
    @TempDir
    private Path folder;

    private final Machine machine = new Machine(Order.inTurn());
    private TestGuest guest;
    private VkvFrontend store;

    @BeforeEach
    void connect() {
        guest = machine.newGuest(256);
        store = connect(0, "data");
    }

    private VkvFrontend connect(int devid, String name) {
        VkvBackend driver =
                new VkvBackend(config -> new RocksEngine(Path.of(config.setting("path", ""))), Threads.LOOP);
        Map<String, String> settings = Map.of("path", folder.resolve(name).toString());
        BackendUnderTest.of(driver, settings, (_, _) -> {}).attach(machine.newBackend(), guest.domid(), devid);
        return new VkvFrontend(Frontend.open(guest.newFrontend(), Vkv.PROTOCOL, devid, new FrontendSettings()));
    }

    @AfterEach
    void close() {
        machine.close();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(US_ASCII);
    }

    private String get(String key) {
        return machine.call(() ->
                store.get(bytes(key)).map(value -> new String(value, US_ASCII)).orElse(null));
    }

    private void put(String key, String value) {
        run(() -> store.put(bytes(key), bytes(value)));
    }

    private void run(Runnable code) {
        Object unused = machine.call(() -> {
            code.run();
            return null;
        });
    }

    @Test
    void shouldKeepWhatWasPut() {
        assertThat(get("a")).isNull();
        put("a", "1");
        put("b", "2");
        put("a", "3");
        assertThat(get("a")).isEqualTo("3");
        run(() -> store.delete(bytes("a")));
        assertThat(get("a")).isNull();
        assertThat(get("b")).isEqualTo("2");
        run(store::sync);
    }

    @Test
    void shouldScanInOrder() {
        for (String key : List.of("c", "a", "d", "b")) {
            put(key, key + key);
        }
        Callable<List<String>> scan = () -> store.scan(bytes("b"), 2).stream()
                .map(pair -> new String(pair.key(), US_ASCII) + "=" + new String(pair.value(), US_ASCII))
                .toList();
        assertThat(machine.call(scan)).containsExactly("b=bb", "c=cc");
    }

    @Test
    void shouldSeeInABatchWhatTheBatchHasDone() {
        put("x", "old");
        List<Optional<byte[]>> results = machine.call(() -> {
            try (VkvBatch batch = store.newBatch()) {
                return batch.get(bytes("x"))
                        .put(bytes("x"), bytes("new"))
                        .get(bytes("x"))
                        .delete(bytes("x"))
                        .get(bytes("x"))
                        .run();
            }
        });
        assertThat(results.get(0)).hasValueSatisfying(value -> assertThat(value).isEqualTo(bytes("old")));
        assertThat(results.get(2)).hasValueSatisfying(value -> assertThat(value).isEqualTo(bytes("new")));
        assertThat(results.get(4)).isEmpty();
    }

    @Test
    void shouldDoAsAMapDoes() {
        Map<String, String> model = new HashMap<>();
        Random random = new Random(4711);
        for (int i = 0; i < 500; i++) {
            String key = "key" + random.nextInt(40);
            switch (random.nextInt(3)) {
                case 0 -> {
                    String value = "v".repeat(random.nextInt(900));
                    model.put(key, value);
                    put(key, value);
                }
                case 1 -> {
                    model.remove(key);
                    run(() -> store.delete(bytes(key)));
                }
                default -> assertThat(get(key)).isEqualTo(model.get(key));
            }
        }
    }

    @Test
    void shouldSayThatAValueIsTooLongForTheSpace() {
        put("long", "x".repeat(2000));
        assertThatThrownBy(() -> get("long")).hasRootCauseMessage("the value is longer than 1024 bytes");
    }

    @Test
    void shouldKeepDevicesApart() {
        VkvFrontend other = connect(1, "other");
        put("mine", "1");
        assertThat(machine.call(() -> other.get(bytes("mine")))).isEmpty();
    }

    @Test
    void shouldNotOpenOneDatabaseTwice() {
        assertThatThrownBy(() -> connect(2, "data"))
                .isInstanceOf(DeviceException.class)
                .hasMessageContaining(folder.resolve("data").toString());
    }

    @Test
    void shouldSayThatThePathIsMissing() {
        assertThatThrownBy(() -> new VkvBackend().open(DeviceConfig.of(1, 0, Map.of())))
                .isInstanceOf(DeviceException.class)
                .hasMessage("vkv: the setting path=FOLDER is missing");
    }

    @Test
    void shouldKeepNothingOfABatchThatFails() {
        VkvBackend driver = new VkvBackend(_ -> new MapEngine(), Threads.LOOP);
        BackendUnderTest.of(driver, Map.of(), (_, _) -> {}).attach(machine.newBackend(), guest.domid(), 3);
        store = new VkvFrontend(Frontend.open(guest.newFrontend(), Vkv.PROTOCOL, 3, new FrontendSettings()));
        assertThatThrownBy(() -> run(() -> {
                    try (VkvBatch batch = store.newBatch()) {
                        batch.put(bytes("a"), bytes("1"))
                                .put(bytes("fail"), bytes("2"))
                                .run();
                    }
                }))
                .hasRootCauseInstanceOf(CallException.class);
        assertThat(get("a")).isNull();
    }
}
