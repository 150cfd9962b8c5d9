// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.xenstored;

import io.splitvisor.xenstore.Permissions;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** All watches by their path, so that a change costs as much as its path is deep, however many domains watch. */
final class Watches {
    private static final Comparator<WatchEntry> IN_ORDER = Comparator.comparingLong(WatchEntry::sequence);

    private final Map<String, List<WatchEntry>> byPath = new HashMap<>();
    private Tree tree;

    /** The tree whose permissions say who may see what; set once. */
    void attach(Tree of) {
        tree = of;
    }

    void add(WatchEntry watch) {
        byPath.computeIfAbsent(watch.path(), unused -> new ArrayList<>(1)).add(watch);
    }

    void remove(WatchEntry watch) {
        List<WatchEntry> same = byPath.get(watch.path());
        if (same != null && same.remove(watch) && same.isEmpty()) {
            byPath.remove(watch.path());
        }
    }

    /** Watches that are set. */
    int size() {
        int size = 0;
        for (List<WatchEntry> same : byPath.values()) {
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
        List<WatchEntry> found = null;
        String at = path;
        while (true) {
            found = collect(found, at, path);
            if (match == Nodes.Match.EXACT || at.equals(NodePath.ROOT) || NodePath.isSpecial(at)) {
                break;
            }
            at = NodePath.parent(at);
        }
        if (found == null) {
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

    private List<WatchEntry> collect(List<WatchEntry> into, String at, String path) {
        List<WatchEntry> here = byPath.get(at);
        if (here == null) {
            return into;
        }
        List<WatchEntry> found = into == null ? new ArrayList<>() : into;
        int levels = NodePath.levelsBelow(path, at);
        for (int i = 0; i < here.size(); i++) {
            if (here.get(i).reaches(levels)) {
                found.add(here.get(i));
            }
        }
        return found;
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
        List<WatchEntry> same = new ArrayList<>(byPath.getOrDefault(name, List.of()));
        for (WatchEntry watch : same) {
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
            for (WatchEntry watch : new ArrayList<>(byPath.getOrDefault(withDomid, List.of()))) {
                if (watch.client().access(permissions).reads()) {
                    watch.client().outbox().event(watch, withDomid);
                }
            }
        }
    }
}
