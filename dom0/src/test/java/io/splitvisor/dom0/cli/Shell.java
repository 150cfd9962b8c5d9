// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.cli;

import io.splitvisor.dom0.toolstack.Dom0Launcher;
import io.splitvisor.dom0.toolstack.FakeToolstack;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Types command lines at a Dom0 in memory. */
final class Shell implements AutoCloseable {
    private final Path folder;
    private final FakeToolstack toolstack;
    private final FakeLauncher launcher;
    private final Dom0Session session;
    private final Map<String, String> variables = new HashMap<>();
    private InputStream in = InputStream.nullInputStream();

    /** What a command line did. */
    record Result(int code, String out, String err) {}

    Shell(Path runDir, Path folder, FakeToolstack toolstack) {
        this.folder = folder;
        this.toolstack = toolstack;
        this.launcher = new FakeLauncher(toolstack);
        this.session = Dom0Session.start(runDir, launcher, new Dom0Launcher.Options(0, "test"));
        variables.put("SPLITVISOR_RUN_DIR", runDir.toString());
    }

    FakeToolstack toolstack() {
        return toolstack;
    }

    FakeLauncher launcher() {
        return launcher;
    }

    Dom0Session session() {
        return session;
    }

    void input(String text) {
        in = new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8));
    }

    void input(InputStream stream) {
        in = stream;
    }

    Result run(String... words) {
        return run(in, variables, folder, words);
    }

    private static Result run(InputStream in, Map<String, String> variables, Path folder, String... words) {
        var out = new ByteArrayOutputStream();
        var err = new ByteArrayOutputStream();
        var environment = new Environment(
                in,
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                variables::get,
                folder);
        int code = new CommandLine(environment).run(List.of(words));
        return new Result(code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }

    /** Types a command line at whatever runs in a run folder. */
    static Result at(Path runDir, Path folder, String... words) {
        return run(InputStream.nullInputStream(), Map.of("SPLITVISOR_RUN_DIR", runDir.toString()), folder, words);
    }

    @Override
    public void close() {
        session.close();
    }
}
