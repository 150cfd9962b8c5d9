// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.examples.vkv;

import io.splitvisor.driver.frontend.Frontend;
import io.splitvisor.driver.frontend.FrontendSettings;
import io.splitvisor.frontend.FrontendDomain;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The front end. Thread-safe, but for its batches, each of which belongs to one thread at a time. */
public final class VkvFrontend implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final Frontend device;

    /** Connects to a device of this domain. */
    public VkvFrontend(FrontendDomain domain, int devid) {
        this(Frontend.open(domain, Vkv.PROTOCOL, devid, new FrontendSettings(), PATIENCE));
    }

    /** Takes a device over. */
    VkvFrontend(Frontend device) {
        this.device = device;
    }

    /** A batch, empty; the caller's to close, and good for any number of uses. */
    public VkvBatch newBatch() {
        return new VkvBatch(device);
    }

    /** The value of a key. */
    public Optional<byte[]> get(byte[] key) {
        try (VkvBatch batch = newBatch()) {
            batch.get(key);
            return batch.run().getFirst();
        }
    }

    /** Sets a key's value. */
    public void put(byte[] key, byte[] value) {
        try (VkvBatch batch = newBatch()) {
            batch.put(key, value);
            batch.run();
        }
    }

    /** Removes a key, if it is there. */
    public void delete(byte[] key) {
        try (VkvBatch batch = newBatch()) {
            batch.delete(key);
            batch.run();
        }
    }

    /** Keys from one on, in order, with their values: at most so many, and what fits into a buffer. */
    public List<Pair> scan(byte[] from, int most) {
        try (VkvBatch batch = newBatch()) {
            List<Pair> found = new ArrayList<>();
            batch.scan(from, most, (key, value) -> found.add(new Pair(key, value)));
            return found;
        }
    }

    /** A key and its value. */
    public record Pair(byte[] key, byte[] value) {}

    /** Makes everything durable that was answered before. */
    public void sync() {
        device.call().set(Vkv.OPERATION, Vkv.SYNC).submit().await();
    }

    @Override
    public void close() {
        device.close();
    }
}
