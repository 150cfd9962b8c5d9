// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.store;

import io.splitvisor.host.HostException;
import io.splitvisor.host.StreamSocket;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;

/** Where an NBD server is, and which of its exports is meant. */
sealed interface NbdAddress {
    /** IANA's port for NBD. */
    int DEFAULT_PORT = 10809;

    /** As the user gave it. */
    String name();

    /** The export's name; empty is the server's default export. */
    String export();

    /** Connects. */
    StreamSocket connect();

    /** @param path of the Unix socket */
    record Unix(String name, String path, String export) implements NbdAddress {
        @Override
        public StreamSocket connect() {
            return StreamSocket.connectUnix(path);
        }
    }

    /** @param host a name or a literal address */
    record Tcp(String name, String host, int port, String export) implements NbdAddress {
        @Override
        public StreamSocket connect() {
            InetSocketAddress remote = new InetSocketAddress(host, port);
            if (remote.isUnresolved()) {
                throw new StoreException(StoreException.Kind.UNREACHABLE, name, "host " + host + " is unknown", null);
            }
            return StreamSocket.connectTcp(remote);
        }
    }

    /** Whether a target names an NBD export, rather than a file. */
    static boolean isNbd(String target) {
        return target.startsWith("nbd:") || target.startsWith("nbd+unix:");
    }

    /** @throws StoreException INVALID, with the forms that are understood */
    static NbdAddress parse(String target) {
        if (target.startsWith("nbd:unix:")) {
            return parseQemu(target, target.substring("nbd:unix:".length()));
        }
        try {
            URI uri = new URI(target);
            String path = uri.getPath() == null ? "" : uri.getPath();
            String export = path.startsWith("/") ? path.substring(1) : path;
            if ("nbd+unix".equals(uri.getScheme())) {
                return new Unix(target, socketOf(target, uri), export);
            }
            if (uri.getHost() == null) {
                throw invalid(target, null);
            }
            return new Tcp(target, bare(uri.getHost()), uri.getPort() < 0 ? DEFAULT_PORT : uri.getPort(), export);
        } catch (URISyntaxException e) {
            throw invalid(target, e);
        }
    }

    private static NbdAddress parseQemu(String target, String rest) {
        String marker = ":exportname=";
        int at = rest.indexOf(marker);
        String path = at < 0 ? rest : rest.substring(0, at);
        if (path.isEmpty()) {
            throw invalid(target, null);
        }
        return new Unix(target, path, at < 0 ? "" : rest.substring(at + marker.length()));
    }

    private static String socketOf(String target, URI uri) {
        String query = uri.getRawQuery() == null ? "" : uri.getRawQuery();
        for (String parameter : query.split("&", -1)) {
            if (parameter.startsWith("socket=") && parameter.length() > "socket=".length()) {
                return URLDecoder.decode(parameter.substring("socket=".length()), StandardCharsets.UTF_8);
            }
        }
        throw invalid(target, null);
    }

    /** An IPv6 literal without its brackets. */
    private static String bare(String host) {
        return host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
    }

    private static StoreException invalid(String target, Throwable cause) {
        return new StoreException(
                StoreException.Kind.INVALID,
                target,
                "is no NBD address; understood are nbd:unix:PATH[:exportname=NAME], nbd://HOST[:PORT][/NAME] and"
                        + " nbd+unix:///[NAME]?socket=PATH",
                cause);
    }

    /** Turns a failed connect into what the user can act on. */
    static StoreException unreachable(NbdAddress address, HostException cause) {
        return new StoreException(
                StoreException.Kind.UNREACHABLE, address.name(), "no NBD server answers: " + cause.getMessage(), cause);
    }
}
