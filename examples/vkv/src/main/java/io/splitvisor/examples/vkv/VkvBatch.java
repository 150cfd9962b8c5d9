// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.examples.vkv;

import io.splitvisor.driver.frontend.Call;
import io.splitvisor.driver.frontend.Frontend;
import io.splitvisor.driver.frontend.SharedPages;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;

/** Operations that are done together: one request, and one buffer of 32 KiB. For one thread at a time. */
public final class VkvBatch implements AutoCloseable {
    private static final int SPACE = 1024;

    private final SharedPages pages;
    private final Call call;
    private final Entries entries;
    private int count;

    VkvBatch(Frontend device) {
        pages = device.newPages(Vkv.MOST_PAGES);
        call = device.call();
        for (int i = 0; i < Vkv.MOST_PAGES; i++) {
            Vkv.PAGE.element().set(call.request(), Vkv.PAGE.at(0, i), pages.ref(i));
        }
        call.set(Vkv.PAGES, Vkv.MOST_PAGES).share(pages, Vkv.MOST_PAGES, false);
        entries = new Entries(pages.segment());
    }

    /** Adds a get, for a value of at most 1024 bytes. */
    public VkvBatch get(byte[] key) {
        return add(Entries.GET, key, SPACE);
    }

    /** Adds a put. */
    public VkvBatch put(byte[] key, byte[] value) {
        add(Entries.PUT, key, value.length);
        entries.put(value);
        return this;
    }

    /** Adds a delete. */
    public VkvBatch delete(byte[] key) {
        return add(Entries.DELETE, key, 0);
    }

    private VkvBatch add(int kind, byte[] key, int room) {
        if (key.length > Entries.MOST_KEY || !entries.add(kind, key, room)) {
            throw new IllegalArgumentException("a key of " + key.length + " bytes and a value of " + room
                    + " do not fit behind " + count + " others");
        }
        count++;
        return this;
    }

    /** Begins what was added; {@link #isDone} or {@link #take} follow. */
    public VkvBatch submit() {
        call.set(Vkv.OPERATION, Vkv.BATCH).set(Vkv.ENTRIES, count).submit();
        return this;
    }

    /** Whether it has been done, after a look. */
    public boolean isDone() {
        return call.poll();
    }

    /**
     * Waits for what was submitted, and empties the batch.
     *
     * @return for each operation the value that was found; empty for puts, deletes, and keys that are not there
     * @throws io.splitvisor.driver.frontend.CallException if it failed; then nothing of it was done, or, if the connection was
     *     lost, all or nothing
     * @throws IllegalStateException if a value is longer than 1024 bytes
     */
    public List<Optional<byte[]>> take() {
        try {
            call.await();
            List<Optional<byte[]>> results = new ArrayList<>(count);
            entries.rewind();
            for (int i = 0; i < count && entries.next(); i++) {
                results.add(result());
            }
            return results;
        } finally {
            clear();
        }
    }

    /** {@link #submit} and {@link #take}. */
    public List<Optional<byte[]>> run() {
        return submit().take();
    }

    private Optional<byte[]> result() {
        if (entries.status() == Entries.TOO_LONG) {
            throw new IllegalStateException("the value is longer than " + SPACE + " bytes");
        }
        boolean found = entries.kind() == Entries.GET && entries.status() == Entries.DONE;
        return found ? Optional.of(entries.value()) : Optional.empty();
    }

    void scan(byte[] from, int most, BiConsumer<byte[], byte[]> found) {
        clear();
        entries.add(Entries.GET, from, 0);
        call.set(Vkv.OPERATION, Vkv.SCAN).set(Vkv.ENTRIES, most).submit().await();
        entries.rewind();
        for (int i = 0; i < call.get(Vkv.FOUND) && entries.next(); i++) {
            found.accept(entries.key(), entries.value());
        }
        clear();
    }

    private void clear() {
        entries.rewind();
        count = 0;
    }

    @Override
    public void close() {
        pages.close();
    }
}
