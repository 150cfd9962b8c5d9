// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.cli;

import io.splitvisor.dom0.toolstack.ToolstackException;
import io.splitvisor.dom0.toolstack.ToolstackException.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;

/** Where the run folder is: named, by SPLITVISOR_RUN_DIR, in XDG_RUNTIME_DIR, or in /tmp by the user's number. */
final class RunDir {
    private RunDir() {}

    static Path of(String named, Environment environment) {
        String dir = named.isEmpty() ? environment.variable("SPLITVISOR_RUN_DIR", "") : named;
        if (!dir.isEmpty()) {
            return environment.folder().resolve(dir).normalize();
        }
        String runtime = environment.variable("XDG_RUNTIME_DIR", "");
        if (runtime.startsWith("/") && Files.isDirectory(Path.of(runtime))) {
            return Path.of(runtime, "splitvisor");
        }
        return Path.of("/tmp/splitvisor-" + uid(Path.of("/proc/self")));
    }

    /** A run folder of someone else's could pretend to be the user's Dom0. */
    static void checkOwner(Path runDir) {
        if (Files.exists(runDir, LinkOption.NOFOLLOW_LINKS)) {
            int owner = uid(runDir);
            int me = uid(Path.of("/proc/self"));
            if (owner != me && me != 0) {
                throw new ToolstackException(Kind.FAILED, runDir + " belongs to user " + owner + ", not to you");
            }
        }
    }

    private static int uid(Path path) {
        try {
            return (Integer) Files.getAttribute(path, "unix:uid");
        } catch (IOException e) {
            throw new ToolstackException(Kind.FAILED, "cannot see who owns " + path, e);
        }
    }
}
