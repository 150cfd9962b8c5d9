// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.xenstored;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * What a store does, written down as simply as possible: one flat map, no sharing, no generations. It knows nothing of
 * quotas. The daemon is held against it.
 */
final class ReferenceStore {
    /** A node: its value, its permissions as the protocol writes them, its children in the order they were made. */
    record Entry(String value, List<String> permissions, List<String> children) {}

    /** A request that can be repeated. */
    record Request(String operation, int domid, String path, List<String> arguments) {}

    private final Map<String, Entry> nodes = new LinkedHashMap<>();
    private final Set<String> written = new HashSet<>();
    private final Set<String> touched = new HashSet<>();

    ReferenceStore() {
        nodes.put("/", new Entry("", List.of("n0"), List.of("tool")));
        nodes.put("/tool", new Entry("", List.of("n0"), List.of("xenstored")));
        nodes.put("/tool/xenstored", new Entry("", List.of("n0"), List.of()));
    }

    private ReferenceStore(ReferenceStore other) {
        nodes.putAll(other.nodes);
    }

    /** Another store with the same nodes. */
    ReferenceStore copy() {
        return new ReferenceStore(this);
    }

    /** Nodes changed since the last call. */
    Set<String> takeWritten() {
        Set<String> taken = new HashSet<>(written);
        written.clear();
        return taken;
    }

    /** Nodes that were looked at, or looked for, or changed. */
    Set<String> touched() {
        return touched;
    }

    Map<String, Entry> nodes() {
        return nodes;
    }

    /** All of the store, sorted. */
    Map<String, Entry> dump() {
        return new TreeMap<>(nodes);
    }

    /** Does it; the answer as {@link TestClient} shows it. */
    String serve(Request request) {
        String path = request.path;
        touched.add(path);
        Entry entry = nodes.get(path);
        boolean change = !request.operation.equals("READ")
                && !request.operation.equals("DIRECTORY")
                && !request.operation.equals("GET_PERMS");
        char wanted = change ? 'w' : 'r';
        if (entry == null && !allowed(request.domid, nearest(path), wanted)) {
            return "EACCES";
        }
        if (entry != null && !allowed(request.domid, entry, wanted)) {
            return "EACCES";
        }
        return switch (request.operation) {
            case "READ" -> entry == null ? "ENOENT" : entry.value;
            case "DIRECTORY" -> entry == null ? "ENOENT" : joined(entry.children);
            case "GET_PERMS" -> entry == null ? "ENOENT" : joined(entry.permissions);
            case "WRITE" -> {
                create(request.domid, path);
                Entry made = nodes.get(path);
                set(path, new Entry(request.arguments.get(0), made.permissions, made.children));
                yield "OK|";
            }
            case "MKDIR" -> {
                create(request.domid, path);
                yield "OK|";
            }
            case "RM" -> remove(path);
            case "SET_PERMS" -> setPermissions(request, entry);
            default -> throw new IllegalArgumentException(request.operation);
        };
    }

    private static String joined(List<String> strings) {
        StringBuilder text = new StringBuilder();
        for (String string : strings) {
            text.append(string).append('|');
        }
        return text.toString();
    }

    private static String parent(String path) {
        int slash = path.lastIndexOf('/');
        return slash == 0 ? "/" : path.substring(0, slash);
    }

    private Entry nearest(String path) {
        String at = path;
        Entry entry;
        do {
            at = parent(at);
            touched.add(at);
            entry = nodes.get(at);
        } while (entry == null);
        return entry;
    }

    private static boolean allowed(int domid, Entry entry, char wanted) {
        String first = entry.permissions.get(0);
        if (domid == 0 || first.substring(1).equals(Integer.toString(domid))) {
            return true;
        }
        char access = first.charAt(0);
        for (String permission : entry.permissions.subList(1, entry.permissions.size())) {
            if (permission.substring(1).equals(Integer.toString(domid))) {
                access = permission.charAt(0);
                break;
            }
        }
        return access == 'b' || access == wanted;
    }

    private void set(String path, Entry entry) {
        nodes.put(path, entry);
        written.add(path);
        touched.add(path);
    }

    private void create(int domid, String path) {
        if (nodes.containsKey(path)) {
            return;
        }
        String above = parent(path);
        touched.add(above);
        create(domid, above);
        Entry parent = nodes.get(above);
        List<String> permissions = new ArrayList<>(parent.permissions);
        if (domid != 0) {
            permissions.set(0, permissions.get(0).charAt(0) + Integer.toString(domid));
        }
        List<String> children = new ArrayList<>(parent.children);
        children.add(path.substring(path.lastIndexOf('/') + 1));
        set(above, new Entry(parent.value, parent.permissions, List.copyOf(children)));
        set(path, new Entry("", List.copyOf(permissions), List.of()));
    }

    private String remove(String path) {
        if (!nodes.containsKey(path)) {
            touched.add(parent(path));
            return nodes.containsKey(parent(path)) ? "OK|" : "ENOENT";
        }
        if (path.equals("/")) {
            return "EINVAL";
        }
        for (String each : List.copyOf(nodes.keySet())) {
            if (each.equals(path) || each.startsWith(path + "/")) {
                nodes.remove(each);
                written.add(each);
                touched.add(each);
            }
        }
        Entry parent = nodes.get(parent(path));
        List<String> children = new ArrayList<>(parent.children);
        children.remove(path.substring(path.lastIndexOf('/') + 1));
        set(parent(path), new Entry(parent.value, parent.permissions, List.copyOf(children)));
        return "OK|";
    }

    private String setPermissions(Request request, Entry entry) {
        if (entry == null) {
            return "ENOENT";
        }
        String owner = entry.permissions.get(0).substring(1);
        if (request.domid != 0 && !owner.equals(Integer.toString(request.domid))) {
            return "EACCES";
        }
        if (request.domid != 0 && !request.arguments.get(0).substring(1).equals(owner)) {
            return "EPERM";
        }
        set(request.path, new Entry(entry.value, request.arguments, entry.children));
        return "OK|";
    }
}
