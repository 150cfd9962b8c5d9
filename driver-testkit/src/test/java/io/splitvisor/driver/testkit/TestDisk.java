// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.testkit;

import io.splitvisor.dom0.store.BlockStore;
import io.splitvisor.dom0.store.StoreGeometry;
import io.splitvisor.dom0.store.StoreRequest;
import io.splitvisor.host.HostFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A small disk that answers at once, in the loop, or fails when the machine's plan wants it to. */
final class TestDisk implements BlockStore {
    private static final int EIO = 5;

    private final Machine machine;
    private final Path path;
    private final HostFile file;

    TestDisk(Machine machine, int sectors) {
        this.machine = machine;
        try {
            path = Files.createTempFile("disk", ".img");
            Files.write(path, new byte[sectors * 512]);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        file = HostFile.open(path.toString(), HostFile.Access.READ_WRITE, false);
        geometry = new StoreGeometry(sectors, 512, 4096, false, true, true);
    }

    private final StoreGeometry geometry;

    @Override
    public StoreGeometry geometry() {
        return geometry;
    }

    @Override
    public int depth() {
        return 4096;
    }

    @Override
    public int submit(StoreRequest request) {
        if (machine.failsNow()) {
            return -EIO;
        }
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
        // Everything is done already.
    }

    @Override
    public String name() {
        return path.toString();
    }

    @Override
    public void close() {
        file.close();
        try {
            Files.deleteIfExists(path);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
