// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.xenstored;

import io.splitvisor.xenstore.XenstoreException;
import io.splitvisor.xenstore.XsError;
import java.io.IOException;
import java.net.ConnectException;
import java.net.SocketException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;

/** What a daemon that was killed leaves behind. */
final class StaleSocket {
    private StaleSocket() {}

    /**
     * Makes room for a new socket.
     *
     * @throws XenstoreException EBUSY if somebody serves the one that is there
     */
    static void removeIfDead(Path path) {
        try {
            SocketChannel.open(UnixDomainSocketAddress.of(path)).close();
        } catch (ConnectException e) {
            // There is a socket, and nobody behind it.
            remove(path);
            return;
        } catch (SocketException e) {
            // There is nothing, or nothing that binding could replace: binding will tell.
            return;
        } catch (IOException e) {
            throw new XenstoreException(XsError.EIO, "listen", path.toString(), e);
        }
        throw new XenstoreException(XsError.EBUSY, "listen", path.toString());
    }

    private static void remove(Path path) {
        try {
            Files.deleteIfExists(path);
        } catch (IOException e) {
            throw new XenstoreException(XsError.EIO, "listen", path.toString(), e);
        }
    }
}
