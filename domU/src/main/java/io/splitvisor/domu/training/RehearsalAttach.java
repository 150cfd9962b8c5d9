// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.domu.training;

import io.splitvisor.attach.AttachMessages;
import io.splitvisor.attach.AttachMessages.Welcome;
import io.splitvisor.host.Errno;
import io.splitvisor.host.EventFd;
import io.splitvisor.host.HostException;
import io.splitvisor.host.Poll;
import io.splitvisor.host.UnixListener;
import io.splitvisor.host.UnixSocket;
import java.nio.file.Path;
import java.util.Arrays;

/** The rehearsal's attach socket: admits one guest, of this or another process, and watches its life line. */
public final class RehearsalAttach implements AutoCloseable {
    /** The token that it accepts, in hexadecimal digits. */
    public static final String TOKEN = "5a".repeat(AttachMessages.TOKEN_BYTES);

    private static final int DESCRIPTORS = 4;

    private final RehearsalDom0 dom0;
    private final UnixListener listener;
    private final Path path;
    private final EventFd hangUp = EventFd.create();
    private volatile boolean ended;

    /** Listens in a folder that exists. */
    public RehearsalAttach(RehearsalDom0 dom0, Path folder) {
        this.dom0 = dom0;
        this.path = folder.resolve("attach");
        this.listener = new UnixListener(path);
        Thread host = new Thread(this::converse, "rehearsal-attach");
        host.setDaemon(true);
        host.start();
    }

    /** Path of the socket. */
    public String path() {
        return path.toString();
    }

    /** Whether the conversation with the guest is over. */
    public boolean ended() {
        return ended;
    }

    private void converse() {
        try {
            UnixSocket connection = listener.accept();
            byte[] token = AttachMessages.tokenOf(connection.receive(AttachMessages.HELLO_BYTES));
            byte[] expected = new byte[AttachMessages.TOKEN_BYTES];
            Arrays.fill(expected, (byte) 0x5a);
            if (!Arrays.equals(token, expected)) {
                connection.send(AttachMessages.encode(Welcome.refused(Errno.EACCES)));
                connection.close();
                return;
            }
            connection.send(AttachMessages.encode(dom0.welcome()));
            for (int i = 0; i < DESCRIPTORS; i++) {
                connection.send(new byte[1], dom0.descriptor(i));
            }
            watch(connection);
            connection.close();
        } catch (HostException e) {
            // The guest went before it was welcome.
            return;
        } finally {
            ended = true;
        }
    }

    /** Until the guest, or this object's owner, ends the connection. */
    private void watch(UnixSocket connection) {
        try (Poll poll = new Poll(connection.fd(), hangUp.fd())) {
            while (poll.await(-1) == 0) {
                // A signal came: nothing to do with it.
            }
        }
    }

    /** Ends the guest's life line. */
    public void hangUp() {
        hangUp.signal();
    }

    @Override
    public void close() {
        listener.close();
    }
}
