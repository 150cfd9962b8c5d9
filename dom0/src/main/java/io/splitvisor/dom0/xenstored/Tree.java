// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.xenstored;

import io.splitvisor.xenstore.Permissions;
import io.splitvisor.xenstore.Permissions.Access;
import io.splitvisor.xenstore.XsWire;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The store: every node by its path, and what each owner is charged for. */
final class Tree implements Nodes {
    private final Map<String, Node> nodes = new HashMap<>();
    private final Domains domains;
    private final Watches watches;
    private long generation;

    Tree(Domains domains, Watches watches) {
        this.domains = domains;
        this.watches = watches;
        Permissions mine = Permissions.of(0, Access.NONE);
        put(NodePath.ROOT, Node.empty(mine).withChild("tool"));
        put("/tool", Node.empty(mine).withChild("xenstored"));
        put("/tool/xenstored", Node.empty(mine));
        put(NodePath.INTRODUCE_DOMAIN, Node.empty(mine));
        // Every domain may learn that one is gone, so that it can let go of what it had mapped.
        put(
                NodePath.RELEASE_DOMAIN,
                Node.empty(Permissions.of(0, Access.NONE, new Permissions.Entry(XsWire.DOMID_ANY, Access.READ))));
    }

    @Override
    public Node get(String path) {
        return nodes.get(path);
    }

    @Override
    public void put(String path, Node node) {
        Node old = nodes.put(path, node.withGeneration(++generation));
        if (old != null) {
            charge(path, old, -1);
        }
        charge(path, node, 1);
    }

    @Override
    public void remove(String path) {
        Node old = nodes.remove(path);
        if (old != null) {
            generation++;
            charge(path, old, -1);
        }
    }

    @Override
    public void changed(String path, Match match, Node old) {
        watches.fire(path, match, old, nodes.get(path));
    }

    @Override
    public DomainState payer(int owner) {
        return domains.find(owner);
    }

    @Override
    public int ownedNodes(DomainState domain) {
        return domain.used(Quota.NODES);
    }

    @Override
    public void fail() {
        // A request outside a transaction checks before it changes anything.
    }

    long nextGeneration() {
        return ++generation;
    }

    /** Number of nodes, special ones included. */
    int size() {
        return nodes.size();
    }

    private void charge(String path, Node node, int sign) {
        DomainState owner = domains.find(node.owner());
        if (owner != null) {
            owner.addNodes(sign);
            owner.addMemory((long) sign * (node.size() + path.length()));
        }
    }

    /** The path and everything below, parents before their children. */
    static List<String> subtree(Nodes view, String root) {
        List<String> paths = new ArrayList<>();
        Deque<String> rest = new ArrayDeque<>();
        rest.push(root);
        while (!rest.isEmpty()) {
            String path = rest.pop();
            Node node = view.get(path);
            if (node == null) {
                continue;
            }
            paths.add(path);
            String[] children = node.children();
            for (int i = children.length - 1; i >= 0; i--) {
                rest.push(NodePath.child(path, children[i]));
            }
        }
        return paths;
    }

    /** Removes a node that is not the root, and everything below, without recursion; tells watches. */
    static void removeSubtree(Nodes view, String root) {
        List<String> paths = subtree(view, root);
        for (int i = paths.size() - 1; i >= 0; i--) {
            String path = paths.get(i);
            Node old = view.get(path);
            view.remove(path);
            view.changed(path, i == 0 ? Match.SUBTREE : Match.EXACT, old);
        }
        String parent = NodePath.parent(root);
        Node above = view.get(parent);
        if (above != null) {
            view.put(parent, above.withoutChild(NodePath.name(root)));
        }
    }

    /** A domain is gone: what it owned goes, with everything below, and nothing names it any more. */
    void forget(int domid) {
        List<String> owned = new ArrayList<>();
        Map<String, Node> named = new HashMap<>();
        for (Map.Entry<String, Node> entry : nodes.entrySet()) {
            Node node = entry.getValue();
            if (node.owner() == domid) {
                owned.add(entry.getKey());
            } else if (Domains.names(node.permissions(), domid)) {
                named.put(entry.getKey(), node);
            }
        }
        for (String path : owned) {
            Node node = nodes.get(path);
            if (node == null || node.owner() != domid) {
                continue;
            }
            if (path.equals(NodePath.ROOT) || NodePath.isSpecial(path)) {
                put(
                        path,
                        node.withPermissions(Domains.without(node.permissions().ownedBy(0), domid)));
            } else {
                removeSubtree(this, path);
            }
        }
        for (Map.Entry<String, Node> entry : named.entrySet()) {
            Node node = nodes.get(entry.getKey());
            if (node != null) {
                put(entry.getKey(), node.withPermissions(Domains.without(node.permissions(), domid)));
            }
        }
    }

    /**
     * Whether every node hangs in the tree, and all is charged to whom it belongs.
     *
     * @return what is wrong, one line each; empty if all is well
     */
    List<String> check() {
        List<String> wrong = new ArrayList<>();
        int reachable = subtree(this, NodePath.ROOT).size();
        int special = 0;
        Map<Integer, Integer> owned = new HashMap<>();
        for (Map.Entry<String, Node> entry : nodes.entrySet()) {
            String path = entry.getKey();
            Node node = entry.getValue();
            owned.merge(node.owner(), 1, Integer::sum);
            if (NodePath.isSpecial(path)) {
                special++;
            }
            for (String child : node.children()) {
                if (!nodes.containsKey(NodePath.child(path, child))) {
                    wrong.add("no node for child " + child + " of " + path);
                }
            }
        }
        if (reachable + special != nodes.size()) {
            wrong.add(nodes.size() + " nodes, but " + reachable + " reachable and " + special + " special");
        }
        for (DomainState domain : domains.all()) {
            int count = owned.getOrDefault(domain.domid(), 0);
            if (count != domain.used(Quota.NODES)) {
                wrong.add(
                        "domain " + domain.domid() + " owns " + count + " nodes, charged " + domain.used(Quota.NODES));
            }
        }
        return wrong;
    }
}
