// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.xenstored;

import io.splitvisor.xenstore.Permissions;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * All watches by their path, so that a change costs as much as its path is long, however many domains watch. The index is
 * the hash of the path, which for every prefix of a path comes out of one pass over it.
 */
final class Watches {
    private static final Comparator<WatchEntry> IN_ORDER = Comparator.comparingLong(WatchEntry::sequence);

    private final Map<Integer, List<WatchEntry>> byHash = new HashMap<>();
    private Tree tree;

    /** The tree whose permissions say who may see what; set once. */
    void attach(Tree of) {
        tree = of;
    }

    void add(WatchEntry watch) {
        byHash.computeIfAbsent(watch.path().hashCode(), unused -> new ArrayList<>(1))
                .add(watch);
    }

    void remove(WatchEntry watch) {
        int hash = watch.path().hashCode();
        List<WatchEntry> same = byHash.get(hash);
        if (same != null && same.remove(watch) && same.isEmpty()) {
            byHash.remove(hash);
        }
    }

    /** Watches that are set. */
    int size() {
        int size = 0;
        for (List<WatchEntry> same : byHash.values()) {
            size += same.size();
        }
        return size;
    }

    /**
     * A node changed: an event to every watch that it concerns, whose client may or might see the node, or may list its
     * parent.
     *
     * @param old as it was, null if it is new
     * @param now as it is, null if it is gone
     */
    void fire(String path, Nodes.Match match, Node old, Node now) {
        List<WatchEntry> found = new ArrayList<>(4);
        if (match == Nodes.Match.SUBTREE && !NodePath.isSpecial(path)) {
            collectAbove(found, path);
        }
        collect(found, path, path.length(), path.hashCode());
        if (found.isEmpty()) {
            return;
        }
        found.sort(IN_ORDER);
        Node above = NodePath.isSpecial(path) || path.equals(NodePath.ROOT) ? null : tree.get(NodePath.parent(path));
        for (WatchEntry watch : found) {
            if (sees(watch.client(), old)
                    || sees(watch.client(), now)
                    || listsParent(watch.client(), old, now, above)) {
                watch.client().outbox().event(watch, path);
            }
        }
    }

    /** Adds watches on the root and on every other node above. */
    private void collectAbove(List<WatchEntry> found, String path) {
        int hash = 0;
        for (int i = 0; i < path.length(); i++) {
            char c = path.charAt(i);
            if (c == '/' && i > 0) {
                collect(found, path, i, hash);
            }
            // As String.hashCode is specified.
            hash = 31 * hash + c;
            if (i == 0 && path.length() > 1) {
                collect(found, path, 1, hash);
            }
        }
    }

    /** Adds watches on the path's first {@code length} characters. */
    private void collect(List<WatchEntry> found, String path, int length, int hash) {
        List<WatchEntry> candidates = byHash.get(hash);
        if (candidates == null) {
            return;
        }
        for (int i = 0; i < candidates.size(); i++) {
            WatchEntry watch = candidates.get(i);
            String at = watch.path();
            if (at.length() == length && path.startsWith(at) && watch.reaches(NodePath.levelsBelow(path, at))) {
                found.add(watch);
            }
        }
    }

    /** Watches on exactly this path, whatever their depth. */
    private List<WatchEntry> on(String path) {
        List<WatchEntry> same = new ArrayList<>();
        for (WatchEntry watch : byHash.getOrDefault(path.hashCode(), List.of())) {
            if (watch.path().equals(path)) {
                same.add(watch);
            }
        }
        return same;
    }

    private static boolean sees(Client client, Node node) {
        return node != null && client.access(node.permissions()).reads();
    }

    /** A node that neither was nor is there is no news for anybody. */
    private static boolean listsParent(Client client, Node old, Node now, Node above) {
        return (old != null || now != null) && sees(client, above);
    }

    /**
     * A domain came or went.
     *
     * @param name {@code @introduceDomain} or {@code @releaseDomain}
     * @param plain whether those hear of it who did not ask which domain
     * @param numbered whether those hear of it who did
     */
    void fireSpecial(String name, int domid, boolean plain, boolean numbered) {
        Permissions permissions = tree.get(name).permissions();
        String withDomid = name + "/" + domid;
        for (WatchEntry watch : on(name)) {
            if (!watch.client().access(permissions).reads()) {
                continue;
            }
            if (watch.depth() < 0 && plain) {
                watch.client().outbox().event(watch, name);
            } else if (watch.depth() > 0 && numbered) {
                watch.client().outbox().event(watch, withDomid);
            }
        }
        if (numbered) {
            for (WatchEntry watch : on(withDomid)) {
                if (watch.client().access(permissions).reads()) {
                    watch.client().outbox().event(watch, withDomid);
                }
            }
        }
    }
}
