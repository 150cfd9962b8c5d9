// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.domu.training;

import io.splitvisor.ring.ByteRing;
import io.splitvisor.xenstore.XsDecoder;
import io.splitvisor.xenstore.XsMessage;
import io.splitvisor.xenstore.XsMessageType;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;

/**
 * The rehearsal's xenstore: nodes without permissions, transactions that change things at once, watches. Paths are kept
 * relative to the guest's home.
 */
public final class RehearsalStore {
    private static final String HOME = "/local/domain/" + RehearsalDom0.DOMID + "/";
    private static final byte[] OK = {'O', 'K', 0};

    private final ByteRing requests;
    private final ByteRing replies;
    private final RehearsalDom0 dom0;
    private final XsDecoder decoder = new XsDecoder();
    private final byte[] buffer = new byte[1024];
    private final ArrayDeque<byte[]> outgoing = new ArrayDeque<>();
    private final TreeMap<String, String> nodes = new TreeMap<>();
    private final List<String[]> watches = new ArrayList<>();
    private int sent;

    RehearsalStore(ByteRing requests, ByteRing replies, RehearsalDom0 dom0) {
        this.requests = requests;
        this.replies = replies;
        this.dom0 = dom0;
        put("name", "rehearsal");
        put("domid", Integer.toString(RehearsalDom0.DOMID));
        put("control/shutdown", "");
    }

    /** A node's value; null if there is none. */
    public synchronized String get(String path) {
        return nodes.get(relative(path));
    }

    /** Sets a node's value, and fires watches. */
    public synchronized void put(String path, String value) {
        nodes.put(relative(path), value);
        for (String[] watch : watches) {
            if (isAtOrBelow(relative(path), watch[0])) {
                fire(path, watch[1]);
            }
        }
        dom0.wake();
    }

    /** Whether a watch is set on a path. */
    public synchronized boolean isWatched(String path) {
        for (String[] watch : watches) {
            if (watch[0].equals(path)) {
                return true;
            }
        }
        return false;
    }

    private static String relative(String path) {
        return path.startsWith(HOME) ? path.substring(HOME.length()) : path;
    }

    private static boolean isAtOrBelow(String path, String root) {
        return path.equals(root) || path.startsWith(root + "/");
    }

    private void fire(String path, String token) {
        send(XsMessageType.WATCH_EVENT, 0, 0, strings(path, token));
    }

    synchronized int serve() {
        int moved = 0;
        int count;
        while ((count = requests.read(buffer, 0, buffer.length)) > 0) {
            moved += count;
            for (int at = 0; at < count; ) {
                int part = Math.min(decoder.wanted(), count - at);
                System.arraycopy(buffer, at, decoder.target(), decoder.offset(), part);
                at += part;
                XsMessage message = decoder.advance(part);
                if (message != null) {
                    answer(message);
                }
            }
        }
        int written = push();
        if (moved + written > 0) {
            dom0.raise(RehearsalDom0.XENSTORE_PORT);
        }
        return moved + written;
    }

    private int push() {
        int total = 0;
        while (!outgoing.isEmpty()) {
            byte[] message = outgoing.getFirst();
            int count = replies.write(message, sent, message.length - sent);
            if (count <= 0) {
                break;
            }
            total += count;
            sent += count;
            if (sent == message.length) {
                outgoing.removeFirst();
                sent = 0;
            }
        }
        return total;
    }

    private void answer(XsMessage request) {
        String[] parts = new String(request.payload(), StandardCharsets.UTF_8).split("\0", -1);
        String path = relative(parts[0]);
        switch (XsMessageType.of(request.type())) {
            case READ -> {
                String value = nodes.get(path);
                if (value == null) {
                    reply(request, XsMessageType.ERROR, strings("ENOENT"));
                } else {
                    reply(request, value.getBytes(StandardCharsets.UTF_8));
                }
            }
            case DIRECTORY -> reply(request, directory(path));
            case WRITE -> {
                reply(request, OK);
                put(path, parts.length > 1 ? parts[1] : "");
            }
            case MKDIR -> {
                nodes.putIfAbsent(path, "");
                reply(request, OK);
            }
            case RM -> {
                nodes.keySet().removeIf(node -> isAtOrBelow(node, path));
                reply(request, OK);
            }
            case WATCH -> {
                watches.add(new String[] {path, parts[1]});
                reply(request, OK);
                fire(parts[0], parts[1]);
            }
            case UNWATCH -> {
                watches.removeIf(watch -> watch[0].equals(path) && watch[1].equals(parts[1]));
                reply(request, OK);
            }
            case TRANSACTION_START -> reply(request, strings("1"));
            case TRANSACTION_END, RESET_WATCHES, SET_PERMS -> reply(request, OK);
            default -> reply(request, XsMessageType.ERROR, strings("ENOSYS"));
        }
    }

    private byte[] directory(String path) {
        List<String> names = new ArrayList<>();
        for (String node : nodes.keySet()) {
            if (node.startsWith(path + "/")) {
                String rest = node.substring(path.length() + 1);
                int slash = rest.indexOf('/');
                String name = slash < 0 ? rest : rest.substring(0, slash);
                if (!names.contains(name)) {
                    names.add(name);
                }
            }
        }
        return strings(names.toArray(String[]::new));
    }

    private static byte[] strings(String... parts) {
        StringBuilder text = new StringBuilder();
        for (String part : parts) {
            text.append(part).append('\0');
        }
        return text.toString().getBytes(StandardCharsets.UTF_8);
    }

    private void reply(XsMessage request, byte[] payload) {
        reply(request, XsMessageType.of(request.type()), payload);
    }

    private void reply(XsMessage request, XsMessageType type, byte[] payload) {
        send(type, request.requestId(), request.transactionId(), payload);
    }

    private void send(XsMessageType type, int requestId, int transactionId, byte[] payload) {
        outgoing.add(new XsMessage(type.code(), requestId, transactionId, payload).encode());
    }
}
