// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.host;

import java.io.IOException;
import java.net.ConnectException;
import java.net.SocketException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** A path where a Unix socket is to be. Somebody who was killed leaves his socket behind, and nobody can bind over it. */
public final class SocketPath {
    private static final int S_IFMT = 0xF000;
    private static final int S_IFSOCK = 0xC000;

    private SocketPath() {}

    /** Whether there is a socket: not a file, a pipe, or a link to a socket. */
    public static boolean isSocket(Path path) throws IOException {
        try {
            int mode = (int) Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS);
            return (mode & S_IFMT) == S_IFSOCK;
        } catch (NoSuchFileException _) {
            return false;
        }
    }

    /**
     * Removes a socket at which nobody listens. To be called before binding: a library may delete whatever is there.
     *
     * @return false if somebody listens there
     * @throws FileSystemException if there is something else, which stays
     */
    public static boolean makeRoom(Path path) throws IOException {
        if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
            return true;
        }
        if (!isSocket(path)) {
            throw new FileSystemException(path.toString(), null, "there is something else than a socket");
        }
        try {
            SocketChannel.open(UnixDomainSocketAddress.of(path)).close();
            return false;
        } catch (ConnectException _) {
            Files.deleteIfExists(path);
        } catch (SocketException _) {
            // One of another kind, or not for this user.
        }
        return true;
    }
}
