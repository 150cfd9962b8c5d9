// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.cli;

import io.splitvisor.dom0.management.ManagementClient;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * What the build runs to make the AOT cache of the command line: every verb that asks a Dom0, against a socket that gives
 * them the answers that they need. Nothing of it runs for a user.
 */
public final class ClientTraining {
    private static final String OK = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n";
    private static final List<List<String>> COMMANDS = List.of(
            List.of("list"),
            List.of("list", "-l", "web"),
            List.of("--json", "list"),
            List.of("vm-list"),
            List.of("create", "training.cfg", "-p", "memory=64"),
            List.of("create", "-q", "training.cfg"),
            List.of("domid", "web"),
            List.of("domname", "1"),
            List.of("pause", "web"),
            List.of("unpause", "web"),
            List.of("rename", "web", "other"),
            List.of("shutdown", "-w", "web"),
            List.of("reboot", "web"),
            List.of("destroy", "web"),
            List.of("block-list", "web"),
            List.of("block-attach", "web", "a.img,raw,xvdb,w"),
            List.of("block-detach", "web", "xvdb"),
            List.of("info"),
            List.of("uptime"),
            List.of("dmesg"),
            List.of("console", "web"),
            List.of("list", "nobody"),
            List.of("help"),
            List.of("help", "create"));

    private ClientTraining() {}

    /** Runs the verbs. */
    public static void main(String[] args) throws IOException {
        Path folder = Files.createTempDirectory("splitvisor-training");
        Path socket = folder.resolve(ManagementClient.SOCKET);
        Path config = Files.writeString(folder.resolve("training.cfg"), "name = \"web\"\n");
        try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
                var nowhere = new FileOutputStream("/dev/null")) {
            server.bind(UnixDomainSocketAddress.of(socket));
            Thread.ofPlatform().daemon(true).start(() -> serve(server));
            for (int round = 0; round < 3; round++) {
                for (List<String> command : COMMANDS) {
                    run(folder, config, command, nowhere.getFD());
                }
            }
        } finally {
            Files.delete(socket);
            Files.delete(config);
            Files.delete(folder);
        }
    }

    private static void run(Path folder, Path config, List<String> command, FileDescriptor nowhere) {
        var words = new ArrayList<>(List.of("--run-dir", folder.toString()));
        command.forEach(word -> words.add(word.equals("training.cfg") ? config.toString() : word));
        Main.run(words.toArray(String[]::new), nowhere, nowhere);
    }

    private static void serve(ServerSocketChannel server) {
        while (server.isOpen()) {
            try (SocketChannel client = server.accept()) {
                var request = ByteBuffer.allocate(1 << 16);
                client.read(request);
                String text = new String(request.array(), 0, request.position(), StandardCharsets.UTF_8);
                client.write(ByteBuffer.wrap(answer(text).getBytes(StandardCharsets.UTF_8)));
            } catch (IOException _) {
                // the training has ended
            }
        }
    }

    private static String answer(String request) {
        if (request.startsWith("GET /v1/events")) {
            return OK + "Transfer-Encoding: chunked\r\n\r\n" + chunk("shutdown 1 0 web\n") + chunk("destroyed 1 web\n")
                    + "0\r\n\r\n";
        }
        if (request.contains("/console ")) {
            return "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\n\r\nhello\n";
        }
        if (request.contains("nobody")) {
            return "HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\n\r\nno\n";
        }
        if (request.startsWith("POST /v1/domains ")) {
            return "HTTP/1.1 201 Created\r\nLocation: /v1/domains/1\r\nContent-Length: 0\r\n\r\n";
        }
        return OK + "Content-Length: 6\r\n\r\n1 web\n";
    }

    private static String chunk(String text) {
        return Integer.toHexString(text.length()) + "\r\n" + text + "\r\n";
    }
}
