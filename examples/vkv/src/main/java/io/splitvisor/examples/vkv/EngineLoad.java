// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.examples.vkv;

import java.nio.file.Path;
import java.util.List;

/** The load profile on the engine alone, without domains: {@code FOLDER SECONDS BATCH VALUE KEYS}. What the device costs is the rest. */
public final class EngineLoad {
    private EngineLoad() {}

    /** Runs it. */
    public static void main(String[] args) {
        List<String> words = List.of(args);
        try (Engine engine = new RocksEngine(Path.of(words.getFirst()))) {
            engine.begin();
            LoadProfile.of(words.subList(1, words.size())).run("engine", new Commits(engine));
            engine.sync();
        }
    }

    private record Commits(Engine engine) implements LoadProfile.Store {
        @Override
        public void get(byte[] key) {
            engine.get(key);
        }

        @Override
        public void put(byte[] key, byte[] value) {
            engine.put(key, value);
        }

        @Override
        public void run() {
            engine.commit();
            engine.begin();
        }
    }
}
