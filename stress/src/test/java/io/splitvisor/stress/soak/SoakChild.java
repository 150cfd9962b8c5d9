// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.stress.soak;

import io.splitvisor.host.UnixSocket;
import java.nio.charset.StandardCharsets;

/** The other process: connects, receives memory and eventfds, produces, and reports how much. */
final class SoakChild {
    private SoakChild() {}

    public static void main(String[] args) {
        String kind = args[1];
        long nanos = Long.parseLong(args[2]);
        long seed = Long.parseLong(args[3]);
        try (UnixSocket socket = UnixSocket.connect(args[0]);
                Link link = Link.receive(
                        socket, kind.equals("events") ? Link.Notification.EVENTS : Link.Notification.DOORBELLS)) {
            long count = kind.equals("bytes")
                    ? ByteSoak.produce(link, nanos, seed)
                    : new RingSoak.Front(link, seed).run(nanos);
            socket.send((count + " " + link.counts() + "\n").getBytes(StandardCharsets.US_ASCII));
        }
    }
}
