// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.domu.training;

import io.splitvisor.attach.AttachMessages;
import io.splitvisor.attach.DomainLayout;
import io.splitvisor.domu.Attachment;
import io.splitvisor.domu.GuestDomain;
import io.splitvisor.domu.GuestMain;
import io.splitvisor.host.UnixSocket;
import java.io.IOException;
import java.io.PrintStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * The training run's main class: a guest attaches, prints, uses its memory, xenstore and hypercalls, and shuts down, all
 * in this process. Run it with {@code -XX:AOTCacheOutput=FILE} and the class path that guests will have.
 */
public final class Training {
    private static final String TOKEN = "00".repeat(AttachMessages.TOKEN_BYTES);
    private static final int DESCRIPTORS = 4;
    private static final DomainLayout LAYOUT = new DomainLayout(1024, 4, 1);

    private Training() {}

    /** Runs the rehearsal; fails with an exception if the guest did not play its part. */
    public static void main(String[] args) throws IOException {
        PrintStream terminal = System.out;
        Path folder = Files.createTempDirectory("splitvisor-training");
        Path socket = folder.resolve("attach");
        try (RehearsalDom0 dom0 = new RehearsalDom0(LAYOUT, "");
                ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            server.bind(UnixDomainSocketAddress.of(socket));
            Thread host = new Thread(() -> welcome(server, dom0), "rehearsal-attach");
            host.setDaemon(true);
            host.start();
            Attachment attachment = attach(socket, dom0);
            // Training has to end by returning from main: the JVM writes its record then.
            GuestDomain domain = new GuestDomain(attachment, List.of(), status -> {});
            GuestMain.run(domain, TrainingGuest.class.getName());
            if (dom0.hypercalls().shutdownReason() != 0) {
                throw new IllegalStateException("the training guest failed: " + dom0.printed());
            }
            terminal.print(dom0.printed());
            domain.detach();
        } finally {
            Files.deleteIfExists(socket);
            Files.deleteIfExists(folder);
        }
    }

    private static Attachment attach(Path socket, RehearsalDom0 dom0) {
        UnixSocket connection = UnixSocket.connect(socket.toString());
        int[] next = new int[1];
        // Java's own sockets cannot send descriptors; in one process there is no need to.
        return Attachment.attach(connection, TOKEN, () -> {
            connection.receive(1);
            return dom0.descriptor(next[0]++);
        });
    }

    private static void welcome(ServerSocketChannel server, RehearsalDom0 dom0) {
        try {
            SocketChannel guest = server.accept();
            ByteBuffer hello = ByteBuffer.allocate(AttachMessages.HELLO_BYTES);
            while (hello.hasRemaining() && guest.read(hello) >= 0) {
                // Until the whole hello is there.
            }
            guest.write(ByteBuffer.wrap(AttachMessages.encode(dom0.welcome())));
            for (int i = 0; i < DESCRIPTORS; i++) {
                guest.write(ByteBuffer.wrap(new byte[1]));
            }
        } catch (IOException e) {
            throw new IllegalStateException("rehearsal's attach socket", e);
        }
    }
}
