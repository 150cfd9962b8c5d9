// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.store;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;

/** A real qemu-nbd, and images made by a real qemu-img; tests are skipped where they are not installed. */
final class QemuNbd implements AutoCloseable {
    private final Process process;
    private final Path socket;

    /** @param socket null if it listens on TCP */
    private QemuNbd(Process process, Path socket) {
        this.process = process;
        this.socket = socket;
    }

    static void assumeInstalled() {
        Assumptions.assumeTrue(isOnPath("qemu-nbd"), "qemu-nbd is not installed");
        Assumptions.assumeTrue(isOnPath("qemu-img"), "qemu-img is not installed");
    }

    private static boolean isOnPath(String tool) {
        for (String folder : System.getenv("PATH").split(":", -1)) {
            if (Files.isExecutable(Path.of(folder, tool))) {
                return true;
            }
        }
        return false;
    }

    static void makeImage(Path image, String format, long bytes) throws Exception {
        run("qemu-img", "create", "-q", "-f", format, image.toString(), Long.toString(bytes));
    }

    static String run(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IOException(String.join(" ", command) + ": " + output);
        }
        return output;
    }

    static QemuNbd serve(Path image, String format, Path socket, String... options) throws IOException {
        List<String> command = new ArrayList<>(
                List.of("qemu-nbd", "-t", "-e", "4", "--discard=unmap", "-f", format, "-k", socket.toString()));
        command.addAll(List.of(options));
        command.add(image.toString());
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        await().atMost(Duration.ofSeconds(10))
                .pollInterval(Duration.ofMillis(5))
                .until(() -> Files.exists(socket) || !process.isAlive());
        return new QemuNbd(process, socket);
    }

    static QemuNbd serveTcp(Path image, int port, String export) throws IOException {
        Process process = new ProcessBuilder(
                        "qemu-nbd",
                        "-t",
                        "-f",
                        "raw",
                        "-b",
                        "127.0.0.1",
                        "-p",
                        Integer.toString(port),
                        "-x",
                        export,
                        image.toString())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        await().atMost(Duration.ofSeconds(10))
                .pollInterval(Duration.ofMillis(20))
                .until(() -> {
                    try (java.net.Socket probe = new java.net.Socket("127.0.0.1", port)) {
                        return probe.isConnected();
                    } catch (IOException e) {
                        return false;
                    }
                });
        return new QemuNbd(process, null);
    }

    static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    void kill() {
        process.destroyForcibly();
    }

    /** Kills it; its socket's name goes, too, so that the next server's appears when that is ready. */
    void killAndWait() throws IOException, InterruptedException {
        process.destroyForcibly().waitFor();
        if (socket != null) {
            Files.deleteIfExists(socket);
        }
    }

    @Override
    public void close() throws InterruptedException {
        process.destroy();
        if (!process.waitFor(10, TimeUnit.SECONDS)) {
            process.destroyForcibly();
        }
    }
}
