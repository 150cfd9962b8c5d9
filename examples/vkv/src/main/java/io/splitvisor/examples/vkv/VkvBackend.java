// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.examples.vkv;

import io.splitvisor.driver.Protocol;
import io.splitvisor.driver.backend.BackendDevice;
import io.splitvisor.driver.backend.BackendDriver;
import io.splitvisor.driver.backend.DeviceConfig;
import io.splitvisor.driver.backend.DeviceException;
import io.splitvisor.driver.backend.GrantedPage;
import io.splitvisor.driver.backend.Request;
import io.splitvisor.driver.backend.Threads;
import io.splitvisor.examples.vkv.Engine.EngineException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.function.Function;

/** The back end. A device's setting {@code path} is the folder of its database, which is made if it is not there. */
public final class VkvBackend implements BackendDriver {
    private final Function<DeviceConfig, Engine> engines;
    private final Threads threads;

    /** For {@link java.util.ServiceLoader}. RocksDB may wait for the disk, so each device has a thread. */
    public VkvBackend() {
        this(VkvBackend::rocks, Threads.OWN);
    }

    VkvBackend(Function<DeviceConfig, Engine> engines, Threads threads) {
        this.engines = engines;
        this.threads = threads;
    }

    private static Engine rocks(DeviceConfig config) {
        String path = config.setting("path", "");
        if (path.isEmpty()) {
            throw new DeviceException("vkv: the setting path=FOLDER is missing");
        }
        return new RocksEngine(Path.of(path));
    }

    @Override
    public Protocol protocol() {
        return Vkv.PROTOCOL;
    }

    @Override
    public BackendDevice open(DeviceConfig config) {
        return new Device(engines.apply(config), threads);
    }

    private static final class Device implements BackendDevice {
        private final Engine engine;
        private final Threads threads;

        /** The private copy of a request's pages: the guest may change them at any time. */
        private final MemorySegment copy = MemorySegment.ofArray(new byte[Vkv.MOST_PAGES * GrantedPage.SIZE]);

        private final GrantedPage[] pages = new GrantedPage[Vkv.MOST_PAGES];

        Device(Engine engine, Threads threads) {
            this.engine = engine;
            this.threads = threads;
        }

        @Override
        public Threads threads() {
            return threads;
        }

        @Override
        public void request(Request request) {
            MemorySegment buffer = read(request);
            try {
                boolean good =
                        switch (request.get(Vkv.OPERATION)) {
                            case Vkv.BATCH -> batch(request, buffer);
                            case Vkv.SCAN -> scan(request, buffer);
                            default -> {
                                engine.sync();
                                yield true;
                            }
                        };
                if (good) {
                    write(request, buffer);
                    request.complete();
                } else {
                    request.fail();
                }
            } catch (EngineException e) {
                request.fail();
            }
        }

        private MemorySegment read(Request request) {
            int count = request.get(Vkv.PAGES);
            for (int i = 0; i < count; i++) {
                int ref = Vkv.PAGE.element().get(request.memory(), Vkv.PAGE.at(0, i));
                pages[i] = request.page(ref, true);
                pages[i].read(0, copy, (long) i * GrantedPage.SIZE, GrantedPage.SIZE);
            }
            return copy.asSlice(0, (long) count * GrantedPage.SIZE);
        }

        private void write(Request request, MemorySegment buffer) {
            for (int i = 0; i < request.get(Vkv.PAGES); i++) {
                pages[i].write(0, buffer, (long) i * GrantedPage.SIZE, GrantedPage.SIZE);
            }
            request.moved(buffer.byteSize());
        }

        /** All of it is looked at before any of it is kept: false if it is no batch. */
        private boolean batch(Request request, MemorySegment buffer) {
            Entries entries = new Entries(buffer);
            engine.begin();
            int found = 0;
            for (int i = 0; i < request.get(Vkv.ENTRIES); i++) {
                if (!entries.next()) {
                    return false;
                }
                switch (entries.kind()) {
                    case Entries.GET -> entries.found(engine.get(entries.key()));
                    case Entries.PUT -> {
                        engine.put(entries.key(), entries.value());
                        entries.status(Entries.DONE);
                    }
                    default -> {
                        engine.delete(entries.key());
                        entries.status(Entries.DONE);
                    }
                }
                found += entries.status() == Entries.DONE ? 1 : 0;
            }
            engine.commit();
            request.set(Vkv.FOUND, found);
            return true;
        }

        private boolean scan(Request request, MemorySegment buffer) {
            Entries from = new Entries(buffer);
            if (!from.next()) {
                return false;
            }
            byte[] key = from.key();
            Entries entries = new Entries(buffer);
            int most = request.get(Vkv.ENTRIES);
            int[] found = new int[1];
            engine.scan(key, (next, value) -> {
                boolean fits = found[0] < most && entries.add(Entries.GET, next, value.length);
                if (fits) {
                    entries.found(value);
                    found[0]++;
                }
                return fits;
            });
            request.set(Vkv.FOUND, found[0]);
            return true;
        }

        @Override
        public void close() {
            engine.close();
        }
    }
}
