// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.cli;

import io.splitvisor.dom0.toolstack.Dom0Launcher;
import io.splitvisor.dom0.toolstack.FakeToolstack;
import io.splitvisor.dom0.toolstack.Toolstack;
import java.nio.file.Path;

/** Starts a toolstack in memory. */
final class FakeLauncher implements Dom0Launcher {
    private final FakeToolstack toolstack;
    private boolean closed;

    FakeLauncher(FakeToolstack toolstack) {
        this.toolstack = toolstack;
    }

    boolean closed() {
        return closed;
    }

    @Override
    public Dom0 start(Path runDir, Options options) {
        return new Dom0() {
            @Override
            public Toolstack toolstack() {
                return toolstack;
            }

            @Override
            public String summary() {
                return "the summary\n";
            }

            @Override
            public void close() {
                closed = true;
            }
        };
    }
}
