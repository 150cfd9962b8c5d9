// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.benchmarks.ring;

import io.splitvisor.host.EventFd;
import io.splitvisor.host.SharedMemory;
import io.splitvisor.host.UnixSocket;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/**
 * One of the two Java processes. Receives memory and eventfds over a Unix socket, then takes commands from its standard
 * input, one a line, and answers each with a line:
 *
 * <pre>
 *   init                      the front end: initialises the ring
 *   serve MODE                the back end: answers when it is ready, and once more, with its notifications, when stopped
 *   run MODE DEPTH MILLIS     the front end: answers nanoseconds per pair, pairs, notifications
 * </pre>
 */
final class RingPeer {
    private final SharedMemory memory;
    private final Bells bells;
    private FrontEnd front;

    private RingPeer(SharedMemory memory, Bells bells) {
        this.memory = memory;
        this.bells = bells;
    }

    public static void main(String[] args) throws IOException {
        try (UnixSocket socket = UnixSocket.connect(args[0])) {
            socket.receive(1);
            SharedMemory memory = SharedMemory.map(socket.takeDescriptor(), SharedMemory.PAGE_SIZE, true);
            socket.receive(1);
            EventFd mine = EventFd.of(socket.takeDescriptor());
            socket.receive(1);
            EventFd theirs = EventFd.of(socket.takeDescriptor());
            try (memory;
                    Bells bells = new Bells(mine, theirs)) {
                answer("attached");
                new RingPeer(memory, bells).obey();
            }
        }
    }

    private void obey() throws IOException {
        BufferedReader commands = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
        for (String line = commands.readLine(); line != null; line = commands.readLine()) {
            String[] words = line.split(" ", -1);
            switch (words[0]) {
                case "init" -> {
                    front = new FrontEnd(memory.segment(), bells);
                    answer("done");
                }
                case "serve" -> serve(mode(words[1]));
                case "run" -> run(mode(words[1]), Integer.parseInt(words[2]), Long.parseLong(words[3]));
                default -> throw new IllegalArgumentException(line);
            }
        }
    }

    private static Mode mode(String word) {
        return Mode.valueOf(word.toUpperCase(Locale.ROOT));
    }

    private static void answer(String line) {
        System.out.println(line);
    }

    private void serve(Mode mode) {
        BackEnd back = new BackEnd(memory.segment(), bells);
        long before = bells.notifications();
        answer("ready");
        back.serve(mode);
        answer(Long.toString(bells.notifications() - before));
    }

    private void run(Mode mode, int depth, long millis) {
        long before = bells.notifications();
        long start = System.nanoTime();
        long pairs = front.exchange(mode, depth, start + millis * 1_000_000);
        long spent = System.nanoTime() - start;
        long notifications = bells.notifications() - before;
        front.stop();
        answer(String.format(Locale.ROOT, "%.3f %d %d", (double) spent / pairs, pairs, notifications));
    }
}
