// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.management;

import io.splitvisor.dom0.toolstack.ToolstackException;
import io.splitvisor.dom0.toolstack.ToolstackException.Kind;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;

/**
 * Asks a Dom0. Speaks as much HTTP/1.1 as the server needs, over plain NIO: a command lives for a few milliseconds, and
 * loading an HTTP library would take longer. One connection for each request.
 */
public final class ManagementClient {
    /** The name of the protocol that a console connection changes to. */
    public static final String CONSOLE_PROTOCOL = "splitvisor-console";

    /** The socket's name in a run folder. */
    public static final String SOCKET = "management.sock";

    private final Path runDir;

    /** @param runDir the Dom0's run folder */
    public ManagementClient(Path runDir) {
        this.runDir = runDir;
    }

    /** In which form an answer comes. */
    public enum Form {
        /** xl's text. */
        TEXT("text/plain"),
        /** JSON. */
        JSON("application/json");

        private final String type;

        Form(String type) {
            this.type = type;
        }
    }

    /**
     * An answer.
     *
     * @param status the HTTP status
     * @param location the path of what was made, empty for none
     * @param body the body
     */
    public record Answer(int status, String location, String body) {
        /** Whether it worked. */
        public boolean ok() {
            return status < 300;
        }
    }

    /**
     * Makes one request and waits for the whole answer.
     *
     * @param method {@code GET}, {@code POST}, {@code DELETE}
     * @param target the path and query, encoded
     * @param body a JSON object, or empty
     * @throws ToolstackException FAILED if no Dom0 answers
     */
    public Answer request(String method, String target, Form form, String body) {
        try (SocketChannel channel = connect()) {
            HttpExchange exchange = new HttpExchange(channel);
            exchange.send(method, target, form.type, "close", body);
            int status = exchange.readHead();
            return new Answer(status, exchange.header("location"), exchange.readBody());
        } catch (IOException e) {
            throw lost(e);
        }
    }

    /** Opens the stream of events, in text; events from before this returns are not in it. */
    public EventReader events() {
        try {
            SocketChannel channel = connect();
            HttpExchange exchange = new HttpExchange(channel);
            exchange.send("GET", "/v1/events", Form.TEXT.type, "close", "");
            int status = exchange.readHead();
            if (status != 200) {
                channel.close();
                throw new ToolstackException(Kind.FAILED, "events: HTTP status " + status);
            }
            return new EventReader(channel, exchange);
        } catch (IOException e) {
            throw lost(e);
        }
    }

    /**
     * Attaches to a console.
     *
     * @param domain a domid or name
     * @param number which of its consoles; 0 is the first
     * @return the connection: bytes both ways
     * @throws ToolstackException if there is no such domain, or no such console
     */
    public ConsoleConnection console(String domain, int number) {
        try {
            SocketChannel channel = connect();
            HttpExchange exchange = new HttpExchange(channel);
            exchange.send(
                    "GET",
                    "/v1/domains/" + encode(domain) + "/console?number=" + number,
                    Form.TEXT.type,
                    "Upgrade\r\nUpgrade: " + CONSOLE_PROTOCOL,
                    "");
            int status = exchange.readHead();
            if (status != 101) {
                String message = exchange.readBody().strip();
                channel.close();
                throw new ToolstackException(status == 404 ? Kind.NO_SUCH_DOMAIN : Kind.FAILED, message);
            }
            return new ConsoleConnection(channel, exchange.rest());
        } catch (IOException e) {
            throw lost(e);
        }
    }

    private SocketChannel connect() throws IOException {
        Path socket = runDir.resolve(SOCKET);
        SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            channel.connect(UnixDomainSocketAddress.of(socket));
            return channel;
        } catch (IOException e) {
            channel.close();
            throw new ToolstackException(
                    Kind.FAILED,
                    "cannot reach a Dom0 in " + runDir + " (" + e.getMessage()
                            + "); start one with 'splitvisor dom0', or name its folder with --run-dir",
                    e);
        }
    }

    /** In the middle of an exchange: Dom0 has ended. */
    private static ToolstackException lost(IOException e) {
        return new ToolstackException(Kind.SHUTTING_DOWN, "lost the connection to Dom0: " + e.getMessage(), e);
    }

    /** Percent-encodes a part of a path or query. */
    public static String encode(String part) {
        return HttpExchange.encode(part);
    }
}
