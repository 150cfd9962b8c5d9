// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.config;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * A channel of a domain, as xl's {@code channel} key describes it: a console besides the first, with a name by which the guest
 * finds it ({@code connection=pty,name=org.example.agent.1}).
 *
 * @param name what the guest looks for, not empty
 * @param connection what the host has at its end
 */
public record ChannelConfig(String name, Connection connection) {
    private static final List<String> KEYS = List.of("backend", "name", "connection", "path");

    /** The host's end of a channel. */
    public sealed interface Connection {
        /** xl's word for it. */
        String word();
    }

    /** A console: {@code splitvisor console -n NUMBER}. */
    public record Pty() implements Connection {
        @Override
        public String word() {
            return "pty";
        }
    }

    /**
     * A Unix socket, which one client at a time connects to.
     *
     * @param path where it will be
     */
    public record Socket(Path path) implements Connection {
        @Override
        public String word() {
            return "socket";
        }
    }

    /** Checks the name. */
    public ChannelConfig {
        Objects.requireNonNull(connection, "connection");
        if (name.isEmpty() || name.length() > 128 || name.chars().anyMatch(c -> c < ' ' || c > '~')) {
            throw new IllegalArgumentException(
                    "'" + Lexer.printable(name) + "' is no channel's name; expected 1 to 128 characters of ASCII");
        }
    }

    /**
     * Reads a specification: parts {@code key=value} with commas between them.
     *
     * @param folder where a relative path starts
     * @throws IllegalArgumentException what is wrong with it
     */
    public static ChannelConfig parse(String spec, Path folder) {
        Map<String, String> values = values(spec);
        String backend = values.getOrDefault("backend", "0");
        if (!backend.matches("0|Domain-0")) {
            throw new IllegalArgumentException(
                    "backend '" + Lexer.printable(backend) + "'; only Domain-0 serves channels");
        }
        String name = values.get("name");
        if (name == null) {
            throw new IllegalArgumentException(
                    "no name; expected name=...,connection=pty or connection=socket,path=...");
        }
        return new ChannelConfig(name, connection(values, folder));
    }

    private static Map<String, String> values(String spec) {
        var values = new HashMap<String, String>();
        for (String part : spec.split(",", -1)) {
            int equals = part.indexOf('=');
            String key = part.substring(0, Math.max(0, equals)).strip();
            if (!KEYS.contains(key)) {
                String near = Nearest.to(equals < 0 ? part.strip() : key, KEYS)
                        .map(k -> "; did you mean " + k + "?")
                        .orElse("");
                throw new IllegalArgumentException("unknown channel parameter '" + Lexer.printable(part) + "'" + near);
            }
            if (values.put(key, part.substring(equals + 1).strip()) != null) {
                throw new IllegalArgumentException(key + " is given twice");
            }
        }
        return values;
    }

    private static Connection connection(Map<String, String> values, Path folder) {
        String word = values.getOrDefault("connection", "");
        String path = values.get("path");
        switch (word) {
            case "pty" -> {
                if (path != null) {
                    throw new IllegalArgumentException("path is for connection=socket");
                }
                return new Pty();
            }
            case "socket" -> {
                if (path == null || path.isEmpty()) {
                    throw new IllegalArgumentException("connection=socket wants path=...");
                }
                return new Socket(resolve(folder, path));
            }
            default ->
                throw new IllegalArgumentException(
                        "connection '" + Lexer.printable(word) + "'; expected pty or socket");
        }
    }

    private static Path resolve(Path folder, String path) {
        try {
            return folder.resolve(path).normalize();
        } catch (InvalidPathException e) {
            throw new IllegalArgumentException("'" + Lexer.printable(path) + "' is no file name", e);
        }
    }
}
