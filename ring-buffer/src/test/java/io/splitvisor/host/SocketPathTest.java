// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SocketPathTest {
    @TempDir
    private Path folder;

    private ServerSocketChannel listen(Path path) throws IOException {
        return ServerSocketChannel.open(StandardProtocolFamily.UNIX).bind(UnixDomainSocketAddress.of(path));
    }

    @Test
    void shouldRemoveASocketOnlyWhenNobodyListens() throws IOException {
        Path path = folder.resolve("a socket");
        try (ServerSocketChannel _ = listen(path)) {
            assertThat(SocketPath.isSocket(path)).isTrue();
            assertThat(SocketPath.makeRoom(path)).isFalse();
            assertThat(path).exists();
        }
        assertThat(SocketPath.makeRoom(path)).isTrue();
        assertThat(path).doesNotExist();
        assertThat(SocketPath.makeRoom(path)).isTrue();
    }

    @Test
    void shouldLeaveEverythingElse() throws IOException, InterruptedException {
        Path file = Files.writeString(folder.resolve("file"), "of somebody");
        Path dead = folder.resolve("dead");
        listen(dead).close();
        Path link = Files.createSymbolicLink(folder.resolve("link"), dead);
        Path sub = Files.createDirectory(folder.resolve("folder"));
        for (Path path : new Path[] {file, link, sub}) {
            assertThatExceptionOfType(FileSystemException.class).isThrownBy(() -> SocketPath.makeRoom(path));
            assertThat(Files.exists(path, LinkOption.NOFOLLOW_LINKS)).isTrue();
        }
        assertThat(file).hasContent("of somebody");
        assertThat(dead).exists();
        assumeThat(Path.of("/usr/bin/mkfifo")).isExecutable();
        Path pipe = folder.resolve("pipe");
        new ProcessBuilder("/usr/bin/mkfifo", pipe.toString()).start().waitFor();
        assertThatExceptionOfType(FileSystemException.class).isThrownBy(() -> SocketPath.makeRoom(pipe));
        assertThat(pipe).exists();
    }
}
