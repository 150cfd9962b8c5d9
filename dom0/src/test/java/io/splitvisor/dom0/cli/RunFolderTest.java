// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunFolderTest {
    @TempDir
    private Path folder;

    private Environment environment(Map<String, String> variables) {
        var nowhere = new PrintStream(PrintStream.nullOutputStream());
        return new Environment(InputStream.nullInputStream(), nowhere, nowhere, variables::get, folder);
    }

    @Test
    void shouldChooseTheFolderByOptionThenVariableThenSystem() {
        var all = Map.of("SPLITVISOR_RUN_DIR", "/var", "XDG_RUNTIME_DIR", folder.toString());
        assertThat(RunDir.of("sub", environment(all))).isEqualTo(folder.resolve("sub"));
        assertThat(RunDir.of("", environment(all))).isEqualTo(Path.of("/var"));
        assertThat(RunDir.of("", environment(Map.of("XDG_RUNTIME_DIR", folder.toString()))))
                .isEqualTo(folder.resolve("splitvisor"));
        assertThat(RunDir.of("", environment(Map.of("XDG_RUNTIME_DIR", folder + "/none")))
                        .toString())
                .matches("/tmp/splitvisor-[0-9]+");
        assertThat(RunDir.of("", environment(Map.of("SPLITVISOR_RUN_DIR", ""))).toString())
                .matches("/tmp/splitvisor-[0-9]+");
    }

    @Test
    void shouldBePrivateAndHeldByOneDom0() throws IOException {
        Path path = folder.resolve("a/b");
        try (RunFolder run = RunFolder.open(path)) {
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(run.path())))
                    .isEqualTo("rwx------");
            assertThatThrownBy(() -> RunFolder.open(path)).hasMessageContaining("a Dom0 runs in " + path + " already");
        }
        try (RunFolder again = RunFolder.open(path)) {
            assertThat(again.path()).isEqualTo(path);
        }
    }

    @Test
    void shouldSayWhyAFolderCannotBeUsed() throws IOException {
        Path file = Files.writeString(folder.resolve("file"), "");
        assertThatThrownBy(() -> RunFolder.open(file))
                .hasMessage("cannot use the run folder " + file + ": there is a file of that name");
        assertThatThrownBy(() -> RunFolder.open(Path.of("/proc/none")))
                .hasMessage("cannot use the run folder /proc/none: no such file");
    }

    @Test
    void shouldLeaveAFileWhereASocketHasToBe() throws IOException {
        Path file = Files.writeString(folder.resolve("attach.sock"), "of somebody");
        for (int attempt = 0; attempt < 2; attempt++) {
            assertThatThrownBy(() -> RunFolder.open(folder))
                    .hasMessage("cannot listen on " + file + ": there is something else than a socket");
        }
        assertThat(file).hasContent("of somebody");
    }

    @Test
    void shouldMakeAnOpenFolderPrivate() throws IOException {
        Path path = Files.createDirectory(folder.resolve("open"));
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwxrwxrwx"));
        try (RunFolder run = RunFolder.open(path)) {
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(run.path())))
                    .isEqualTo("rwx------");
        }
    }

    @Test
    void shouldDeleteTheSocketsOfADom0ThatDied() throws IOException {
        Path inner = Files.createDirectory(folder.resolve("xenstored"));
        Path file = Files.writeString(folder.resolve("log"), "kept");
        for (Path socket : new Path[] {folder.resolve("management.sock"), inner.resolve("socket")}) {
            try (ServerSocketChannel dead = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
                dead.bind(UnixDomainSocketAddress.of(socket));
            }
        }
        try (RunFolder run = RunFolder.open(folder)) {
            assertThat(run.path().resolve("management.sock")).doesNotExist();
            assertThat(inner.resolve("socket")).doesNotExist();
            assertThat(file).hasContent("kept");
        }
    }

    @Test
    void shouldRefuseAPathThatSocketsCannotHave() {
        assertThatThrownBy(() -> RunFolder.open(folder.resolve("x".repeat(100))))
                .hasMessageContaining("too long for the sockets");
    }

    @Test
    void shouldRefuseALinkInPlaceOfTheFolder() throws IOException {
        Path real = Files.createDirectory(folder.resolve("real"));
        Path link = Files.createSymbolicLink(folder.resolve("link"), real);
        assertThatThrownBy(() -> RunFolder.open(link)).hasMessageContaining("is no folder");
    }
}
