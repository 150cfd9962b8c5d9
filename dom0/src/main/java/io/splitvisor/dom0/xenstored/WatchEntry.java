// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.xenstored;

import java.util.HashMap;
import java.util.Map;

/** A watch that a client has set. */
final class WatchEntry {
    private final Client client;
    private final String path;
    private final String token;
    private final int depth;
    private final int prefix;
    private final long sequence;
    /** Events that wait in the client's outbox and of which nothing has been sent, by path. */
    private final Map<String, Outbox.Item> pending = new HashMap<>();

    /**
     * @param path absolute
     * @param depth levels below the path that count; negative for all
     * @param prefix characters of an event's path that the client does not want to see
     * @param sequence later watches have larger ones
     */
    WatchEntry(Client client, String path, String token, int depth, int prefix, long sequence) {
        this.client = client;
        this.path = path;
        this.token = token;
        this.depth = depth;
        this.prefix = prefix;
        this.sequence = sequence;
    }

    Client client() {
        return client;
    }

    String path() {
        return path;
    }

    String token() {
        return token;
    }

    int depth() {
        return depth;
    }

    long sequence() {
        return sequence;
    }

    Map<String, Outbox.Item> pending() {
        return pending;
    }

    /** An event's path as the client wants it. */
    String shown(String event) {
        return event.substring(prefix);
    }

    /** Bytes that its domain is charged for. */
    int memory() {
        return path.length() + token.length();
    }

    /** Whether an event at this depth below the path is wanted. */
    boolean reaches(int levels) {
        return depth < 0 || levels <= depth;
    }
}
