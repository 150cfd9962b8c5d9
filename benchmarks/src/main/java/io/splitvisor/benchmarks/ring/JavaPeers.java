// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.benchmarks.ring;

import io.splitvisor.host.EventFd;
import io.splitvisor.host.SharedMemory;
import io.splitvisor.host.UnixListener;
import io.splitvisor.host.UnixSocket;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Two Java processes, front and back, pinned to the first two processors where the system has taskset. */
final class JavaPeers implements AutoCloseable {
    private static final Path TASKSET = Path.of("/usr/bin/taskset");
    private static final byte[] ONE = {0};

    private final SharedMemory memory = SharedMemory.create("ring-benchmark", SharedMemory.PAGE_SIZE);
    private final EventFd toFront = EventFd.create();
    private final EventFd toBack = EventFd.create();
    private final List<Process> processes = new ArrayList<>();
    private final Peer front;
    private final Peer back;

    private record Peer(PrintStream commands, BufferedReader answers) {
        String ask(String command) throws IOException {
            commands.println(command);
            return answer();
        }

        String answer() throws IOException {
            String line = answers.readLine();
            if (line == null) {
                throw new IOException("a peer ended");
            }
            return line;
        }
    }

    JavaPeers(Path folder) throws IOException {
        try (UnixListener listener = new UnixListener(folder.resolve("peers.sock"))) {
            front = start(listener, folder, 0, toFront, toBack);
            back = start(listener, folder, 1, toBack, toFront);
        }
    }

    private Peer start(UnixListener listener, Path folder, int processor, EventFd own, EventFd other)
            throws IOException {
        List<String> command = new ArrayList<>();
        if (Files.isExecutable(TASKSET)) {
            command.addAll(List.of(TASKSET.toString(), "-c", Integer.toString(processor)));
        }
        command.addAll(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx64m",
                "-XX:+UseSerialGC",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                RingPeer.class.getName(),
                folder.resolve("peers.sock").toString()));
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        processes.add(process);
        try (UnixSocket socket = listener.accept()) {
            socket.send(ONE, memory.fd());
            socket.send(ONE, own.fd());
            socket.send(ONE, other.fd());
            // The peer has taken all three when it answers; the socket may close then.
            Peer peer = new Peer(
                    new PrintStream(process.getOutputStream(), true, StandardCharsets.US_ASCII),
                    new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.US_ASCII)));
            peer.answer();
            return peer;
        }
    }

    Exchange exchange(Mode mode, int depth, long millis) throws IOException {
        front.ask("init");
        back.ask("serve " + mode.word());
        String result = front.ask("run " + mode.word() + " " + depth + " " + millis);
        return Exchange.parse(result + " " + back.answer());
    }

    @Override
    public void close() {
        processes.forEach(Process::destroyForcibly);
        memory.close();
        toFront.close();
        toBack.close();
    }
}
