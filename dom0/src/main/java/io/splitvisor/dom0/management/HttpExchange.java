// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.management;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/** One request and its answer on a connection: HTTP/1.1 with a content length or in chunks. */
final class HttpExchange {
    private static final int MAX_HEAD = 16 << 10;
    private static final int MAX_BODY = 64 << 20;
    private static final String UNRESERVED = "-._~";
    private static final String HEX = "0123456789ABCDEF";

    private final SocketChannel channel;
    private final ByteBuffer buffer = ByteBuffer.allocate(8192).limit(0);
    private final Map<String, String> headers = new HashMap<>();

    HttpExchange(SocketChannel channel) {
        this.channel = channel;
    }

    void send(String method, String target, String accept, String connection, String body) throws IOException {
        byte[] content = body.getBytes(StandardCharsets.UTF_8);
        String head = method + " " + target + " HTTP/1.1\r\nHost: localhost\r\nAccept: " + accept + "\r\nConnection: "
                + connection + "\r\n"
                + (content.length > 0
                        ? "Content-Type: application/json\r\nContent-Length: " + content.length + "\r\n"
                        : method.equals("POST") ? "Content-Length: 0\r\n" : "")
                + "\r\n";
        byte[] bytes = head.getBytes(StandardCharsets.US_ASCII);
        ByteBuffer all = ByteBuffer.allocate(bytes.length + content.length)
                .put(bytes)
                .put(content)
                .flip();
        while (all.hasRemaining()) {
            channel.write(all);
        }
    }

    /** Reads the status line and the headers. */
    int readHead() throws IOException {
        String line = readLine();
        if (!line.startsWith("HTTP/1.1 ") || line.length() < 12) {
            throw new IOException("no HTTP: " + line);
        }
        int status = number(line.substring(9, 12), 10);
        for (String header = readLine(); !header.isEmpty(); header = readLine()) {
            int colon = header.indexOf(':');
            if (colon > 0) {
                headers.put(
                        header.substring(0, colon).toLowerCase(Locale.ROOT),
                        header.substring(colon + 1).strip());
            }
        }
        return status;
    }

    /** A header, by its name in lower case; empty where it is absent. */
    String header(String name) {
        return headers.getOrDefault(name, "");
    }

    /** What was read behind the answer. */
    ByteBuffer rest() {
        return buffer;
    }

    String readBody() throws IOException {
        var body = new ByteArrayOutputStream();
        if (header("transfer-encoding").equals("chunked")) {
            for (byte[] chunk = readChunk(); chunk.length > 0; chunk = readChunk()) {
                body.write(chunk);
            }
        } else if (!header("content-length").isEmpty()) {
            body.write(readBytes(number(header("content-length"), 10)));
        }
        return body.toString(StandardCharsets.UTF_8);
    }

    /** The next chunk of a body in chunks, empty after the last. */
    byte[] readChunk() throws IOException {
        int length = number(readLine(), 16);
        byte[] chunk = readBytes(length);
        readLine();
        return chunk;
    }

    private byte[] readBytes(int count) throws IOException {
        if (count < 0 || count > MAX_BODY) {
            throw new IOException("an answer of " + count + " bytes");
        }
        var bytes = new byte[count];
        for (int done = 0; done < count; ) {
            fill();
            int n = Math.min(count - done, buffer.remaining());
            buffer.get(bytes, done, n);
            done += n;
        }
        return bytes;
    }

    private String readLine() throws IOException {
        var line = new StringBuilder();
        while (line.length() < MAX_HEAD) {
            fill();
            char c = (char) (buffer.get() & 0xff);
            if (c == '\n') {
                return line.toString();
            }
            if (c != '\r') {
                line.append(c);
            }
        }
        throw new IOException("a line that does not end");
    }

    private void fill() throws IOException {
        if (!buffer.hasRemaining()) {
            buffer.clear();
            int n = channel.read(buffer);
            buffer.flip();
            if (n < 0) {
                throw new EOFException("it closed the connection");
            }
        }
    }

    private static int number(String text, int base) throws IOException {
        try {
            return Integer.parseInt(text.strip(), base);
        } catch (NumberFormatException e) {
            throw new IOException("no number: " + text, e);
        }
    }

    /** Percent-encodes a part of a path or query. */
    static String encode(String part) {
        var text = new StringBuilder();
        for (byte b : part.getBytes(StandardCharsets.UTF_8)) {
            char c = (char) (b & 0xff);
            boolean plain = c < 128 && (Character.isLetterOrDigit(c) || UNRESERVED.indexOf(c) >= 0);
            if (plain) {
                text.append(c);
            } else {
                text.append('%').append(HEX.charAt(c >> 4)).append(HEX.charAt(c & 15));
            }
        }
        return text.toString();
    }
}
