// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.xenstored;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.splitvisor.xenstore.Permissions;
import io.splitvisor.xenstore.Permissions.Access;
import io.splitvisor.xenstore.SocketTransport;
import io.splitvisor.xenstore.Xenstore;
import io.splitvisor.xenstore.XenstoreConnection;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.StringTokenizer;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The distribution's own xenstore tools, unmodified, find our daemon by XENSTORED_PATH and work. */
class XenstoredIT {
    private static final String[] TOOLS = {
        "xenstore-ls",
        "xenstore-read",
        "xenstore-write",
        "xenstore-list",
        "xenstore-rm",
        "xenstore-watch",
        "xenstore-chmod",
        "xenstore-exists"
    };

    /** What a tool printed, and how it ended. */
    private record Result(int code, String out, String err) {}

    @TempDir
    private Path folder;

    private final List<Process> started = new ArrayList<>();
    private Path socket;
    private Xenstored daemon;

    @BeforeEach
    void start() {
        for (String tool : TOOLS) {
            assumeTrue(onPath(tool), tool + " is not installed (Debian: xenstore-utils)");
        }
        socket = folder.resolve("xenstored").resolve("socket");
        daemon = Xenstored.start(new KnownDomains(1, 2, 3, 5));
        daemon.listen(socket);
    }

    @AfterEach
    void stop() {
        for (Process process : started) {
            process.destroyForcibly();
        }
        if (daemon != null) {
            daemon.close();
        }
    }

    @Test
    void shouldWriteReadAndList() throws Exception {
        assertThat(run("xenstore-write", "/a/b", "hello", "/a/c", "two\\x20words")
                        .code())
                .isZero();
        assertThat(run("xenstore-read", "/a/b", "/a/c").out()).isEqualTo("hello\ntwo words\n");
        assertThat(run("xenstore-read", "-p", "/a/b").out()).isEqualTo("/a/b: hello\n");
        assertThat(run("xenstore-list", "/a").out()).isEqualTo("b\nc\n");
        assertThat(run("xenstore-list", "-p", "/a").out()).isEqualTo("/a/b\n/a/c\n");
        try (Xenstore store = daemon.connect()) {
            assertThat(store.read("/a/c")).isEqualTo("two words");
        }
    }

    @Test
    void shouldShowTheTreeWithPermissions() throws Exception {
        try (Xenstore store = daemon.connect()) {
            store.write("/vm/name", "first");
            store.setPermissions("/vm/name", Permissions.of(0, Access.NONE, new Permissions.Entry(5, Access.READ)));
        }
        Result result = run("xenstore-ls", "-p", "-f", "/vm");
        assertThat(result.code()).isZero();
        assertThat(result.out()).startsWith("/vm/name = \"first\"").contains("(n0,r5)");
        assertThat(run("xenstore-ls").out()).contains("tool = \"\"\n xenstored = \"\"\n");
    }

    @Test
    void shouldChangePermissionsThroughTransactions() throws Exception {
        assertThat(run("xenstore-write", "/a/b/c", "x").code()).isZero();
        assertThat(run("xenstore-chmod", "-r", "/a", "n0", "r1", "b2", "w3").code())
                .isZero();
        try (Xenstore store = daemon.connect()) {
            assertThat(store.getPermissions("/a")).hasToString("n0,r1,b2,w3");
            assertThat(store.getPermissions("/a/b/c")).hasToString("n0,r1,b2,w3");
        }
    }

    @Test
    void shouldTellWhatExists() throws Exception {
        assertThat(run("xenstore-exists", "/tool/xenstored").code()).isZero();
        assertThat(run("xenstore-exists", "/nothing").code()).isEqualTo(1);
        assertThat(run("xenstore-read", "/nothing").code()).isNotZero();
        assertThat(run("xenstore-read", "//").code()).isNotZero();
    }

    @Test
    void shouldRemoveAndTidyUp() throws Exception {
        assertThat(run("xenstore-write", "/a/b/c", "x", "/a/d", "y").code()).isZero();
        assertThat(run("xenstore-rm", "/a/d").code()).isZero();
        assertThat(run("xenstore-rm", "-t", "/a/b/c").code()).isZero();
        assertThat(run("xenstore-exists", "/a").code()).isEqualTo(1);
        assertThat(run("xenstore-exists", "/tool").code()).isZero();
        assertThat(run("xenstore-rm", "/").code()).isNotZero();
    }

    @Test
    void shouldDeliverWatchEvents() throws Exception {
        Process process = begin("xenstore-watch", "-n", "3", "/watched", "@introduceDomain");
        try (BufferedReader lines = process.inputReader(UTF_8);
                Xenstore store = daemon.connect()) {
            assertThat(lines.readLine()).isEqualTo("/watched");
            assertThat(lines.readLine()).isEqualTo("@introduceDomain");
            store.write("/watched/by/me", "1");
            assertThat(lines.readLine()).isEqualTo("/watched/by/me");
        }
        assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isZero();
    }

    @Test
    void shouldListMoreChildrenThanOneMessageHolds() throws Exception {
        try (Xenstore store = daemon.connect()) {
            StringBuilder expected = new StringBuilder();
            for (int i = 0; i < 2000; i++) {
                store.mkdir("/many/child-" + i);
                expected.append("child-").append(i).append('\n');
            }
            assertThat(run("xenstore-list", "/many").out()).isEqualTo(expected.toString());
            assertThat(store.list("/many")).hasSize(2000).startsWith("child-0").endsWith("child-1999");
        }
    }

    @Test
    void shouldServeManyToolsAtOnce() throws Exception {
        List<Process> writers = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            writers.add(begin("xenstore-write", "/race/" + i, "v" + i, "/race/last", "v" + i));
        }
        for (Process writer : writers) {
            assertThat(writer.waitFor(30, TimeUnit.SECONDS)).isTrue();
            assertThat(writer.exitValue()).isZero();
        }
        try (Xenstore store = daemon.connect()) {
            assertThat(store.list("/race")).hasSize(11);
        }
    }

    @Test
    void shouldServeOurOwnSocketClient() {
        try (Xenstore store = new XenstoreConnection(SocketTransport.connect(socket))) {
            store.write("relative/path", "at home");
            assertThat(store.read("/local/domain/0/relative/path")).isEqualTo("at home");
        }
    }

    @Test
    void shouldReplaceTheSocketOfAKilledDaemonOnly() throws Exception {
        Path other = folder.resolve("stale");
        try (var left = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            left.bind(UnixDomainSocketAddress.of(other));
        }
        assertThat(Files.exists(other)).isTrue();
        try (Xenstored second = Xenstored.start(new KnownDomains())) {
            second.listen(other);
            assertThat(runWith(other, "xenstore-exists", "/tool").code()).isZero();
        }
        assertThat(Files.exists(other)).isFalse();
    }

    private static boolean onPath(String tool) {
        StringTokenizer entries = new StringTokenizer(System.getenv().getOrDefault("PATH", ""), File.pathSeparator);
        while (entries.hasMoreTokens()) {
            if (Files.isExecutable(Path.of(entries.nextToken(), tool))) {
                return true;
            }
        }
        return false;
    }

    private Process begin(String... command) throws IOException {
        return begin(socket, command);
    }

    private Process begin(Path at, String... command) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().put("XENSTORED_PATH", at.toString());
        Process process = builder.start();
        started.add(process);
        return process;
    }

    private Result run(String... command) throws Exception {
        return runWith(socket, command);
    }

    private Result runWith(Path at, String... command) throws Exception {
        Process process = begin(at, command);
        process.getOutputStream().close();
        String out = new String(process.getInputStream().readAllBytes(), UTF_8);
        String err = new String(process.getErrorStream().readAllBytes(), UTF_8);
        assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
        return new Result(process.exitValue(), out, err);
    }
}
