// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.block;

import io.splitvisor.dom0.store.BlockStore;
import io.splitvisor.dom0.store.StoreGeometry;
import io.splitvisor.dom0.store.StoreRequest;
import io.splitvisor.host.HostFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToIntFunction;

/**
 * A store for tests: a small file, with every request passing through a hook that may fail it, hold it back, or look at
 * it.
 */
final class MemoryStore implements BlockStore {
    /** The hook's answer for "do it, now". */
    static final int DO = 0;

    private final Path path;
    private final HostFile file;
    private final StoreGeometry geometry;
    private final List<StoreRequest> held = new ArrayList<>();
    private final List<StoreRequest.Operation> seen = new ArrayList<>();
    private ToIntFunction<StoreRequest> hook = request -> DO;
    private volatile boolean closed;

    MemoryStore(Path path, int sectors, int sectorSize, boolean readOnly, boolean flush) {
        this.path = path;
        try {
            byte[] bytes = new byte[sectors * 512];
            for (int i = 0; i < bytes.length; i++) {
                bytes[i] = (byte) (i / 512 * 7 + i);
            }
            Files.write(path, bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        this.file = HostFile.open(path.toString(), HostFile.Access.READ_WRITE, false);
        this.geometry = new StoreGeometry(sectors, sectorSize, 4096, readOnly, flush, !readOnly);
    }

    byte[] bytes() {
        try {
            return Files.readAllBytes(path);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Decides about each request: {@link #DO}, {@link BlockStore#PENDING} to hold it back, or a negative errno. */
    synchronized void hook(ToIntFunction<StoreRequest> decision) {
        hook = decision;
    }

    /** What was asked for so far. */
    synchronized List<StoreRequest.Operation> seen() {
        return List.copyOf(seen);
    }

    synchronized int held() {
        return held.size();
    }

    /** Does what was held back, the oldest first. */
    void release() {
        List<StoreRequest> now;
        synchronized (this) {
            now = List.copyOf(held);
            held.clear();
        }
        for (StoreRequest request : now) {
            request.completed(perform(request));
        }
    }

    @Override
    public StoreGeometry geometry() {
        return geometry;
    }

    @Override
    public int depth() {
        return 4096;
    }

    @Override
    public synchronized int submit(StoreRequest request) {
        seen.add(request.operation());
        int decision = hook.applyAsInt(request);
        if (decision == PENDING) {
            held.add(request);
        }
        return decision == DO ? perform(request) : decision;
    }

    private int perform(StoreRequest request) {
        return switch (request.operation()) {
            case READ ->
                (int) Math.min(
                        0,
                        file.readVector(request.data().address(), request.data().count(), request.offset()));
            case WRITE ->
                (int) Math.min(
                        0,
                        file.writeVector(
                                request.data().address(), request.data().count(), request.offset()));
            case FLUSH -> file.sync();
            case DISCARD -> request.length() == 0 ? 0 : file.discard(request.offset(), request.length());
        };
    }

    @Override
    public void push() {
        // Requests are done or held one by one.
    }

    @Override
    public String name() {
        return path.toString();
    }

    boolean isClosed() {
        return closed;
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            file.close();
        }
    }
}
