// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.xenstored;

import io.splitvisor.dom0.xenstored.Nodes.Match;
import io.splitvisor.xenstore.Permissions;
import io.splitvisor.xenstore.Permissions.Access;
import io.splitvisor.xenstore.XsError;
import java.util.ArrayDeque;
import java.util.Deque;

/** Requests on nodes: who may, what changes, who pays. Throws {@link Refusal} before anything has changed. */
final class Operations {
    private static final byte[] NO_VALUE = {};

    private final Domains domains;

    Operations(Domains domains) {
        this.domains = domains;
    }

    /** The node, which the client must be allowed to read. */
    Node read(Client client, Nodes view, String path) {
        return require(client, view, path, Access.READ);
    }

    void write(Client client, Nodes view, String path, byte[] value) {
        Node old = find(client, view, path, Access.WRITE);
        if (old == null) {
            create(client, view, path, value);
        } else {
            replace(client, view, path, old, old.withValue(value));
        }
        view.changed(path, Match.SUBTREE, old);
    }

    void mkdir(Client client, Nodes view, String path) {
        if (find(client, view, path, Access.WRITE) == null) {
            create(client, view, path, NO_VALUE);
            view.changed(path, Match.SUBTREE, null);
        }
    }

    void rm(Client client, Nodes view, String path) {
        if (find(client, view, path, Access.WRITE) == null) {
            if (view.get(NodePath.parent(path)) == null) {
                throw Refusal.of(XsError.ENOENT);
            }
            return;
        }
        if (path.equals(NodePath.ROOT)) {
            throw Refusal.of(XsError.EINVAL);
        }
        Tree.removeSubtree(view, path);
    }

    void setPermissions(Client client, Nodes view, String path, Permissions wanted) {
        if (domains.findOrAdd(wanted.owner()) == null) {
            throw Refusal.of(XsError.ENOENT);
        }
        Permissions permissions = domains.withoutUnknown(wanted);
        Node old = require(client, view, path, Access.WRITE);
        if (!client.owns(old.permissions())) {
            throw Refusal.of(XsError.EACCES);
        }
        if (!client.isPrivileged() && permissions.owner() != old.owner()) {
            throw Refusal.of(XsError.EPERM);
        }
        replace(client, view, path, old, old.withPermissions(permissions));
        view.changed(path, Match.SUBTREE, old);
    }

    // Who may.

    private Node require(Client client, Nodes view, String path, Access wanted) {
        Node node = find(client, view, path, wanted);
        if (node == null) {
            throw Refusal.of(XsError.ENOENT);
        }
        return node;
    }

    /**
     * The node if the client may do that with it.
     *
     * @return null if there is none, and the client may know that
     */
    private static Node find(Client client, Nodes view, String path, Access wanted) {
        Node node = view.get(path);
        if (client.isPrivileged()) {
            return node;
        }
        if (node != null) {
            Access access = client.access(node.permissions());
            if ((wanted.reads() && !access.reads()) || (wanted.writes() && !access.writes())) {
                throw Refusal.of(XsError.EACCES);
            }
            return node;
        }
        // Whether a node exists is nobody's business who may not do the same with the nearest parent.
        Access above = client.access(nearest(view, path).permissions());
        if ((wanted.reads() && above.reads()) || (wanted.writes() && above.writes())) {
            return null;
        }
        throw Refusal.of(XsError.EACCES);
    }

    private static Node nearest(Nodes view, String path) {
        String at = path;
        while (true) {
            at = NodePath.parent(at);
            Node node = view.get(at);
            if (node != null) {
                return node;
            }
            if (at.equals(NodePath.ROOT)) {
                throw new IllegalStateException("the store has no root");
            }
        }
    }

    // What changes, and who pays.

    private static void replace(Client client, Nodes view, String path, Node old, Node changed) {
        if (!client.isPrivileged()) {
            checkSize(client, view, changed);
            checkMemory(view, view.payer(old.owner()), changed.size() - old.size());
        }
        view.put(path, changed);
    }

    private static void create(Client client, Nodes view, String path, byte[] value) {
        Deque<String> missing = new ArrayDeque<>();
        String at = path;
        Node above;
        do {
            missing.push(at);
            at = NodePath.parent(at);
            above = view.get(at);
            if (above == null && at.equals(NodePath.ROOT)) {
                throw new IllegalStateException("the store has no root");
            }
        } while (above == null);
        Permissions inherited = client.isPrivileged()
                ? above.permissions()
                : above.permissions().ownedBy(client.domid());
        Node parent = above.withChild(NodePath.name(missing.peek()));
        if (!client.isPrivileged()) {
            checkCreation(client, view, above, missing, Node.empty(inherited), value);
            checkSize(client, view, parent);
        }
        view.put(at, parent);
        while (!missing.isEmpty()) {
            String made = missing.pop();
            Node node = Node.empty(inherited);
            view.put(made, missing.isEmpty() ? node.withValue(value) : node.withChild(NodePath.name(missing.peek())));
        }
    }

    private static void checkCreation(
            Client client, Nodes view, Node above, Deque<String> missing, Node empty, byte[] value) {
        DomainState domain = client.domain();
        if (domain.exceeds(Quota.NODES, view.ownedNodes(domain) + (long) missing.size())) {
            view.fail();
            throw Refusal.of(XsError.ENOSPC);
        }
        checkSize(client, view, empty.withValue(value));
        long bytes = value.length;
        for (String path : missing) {
            bytes += empty.size() + path.length() + NodePath.name(path).length() + 1;
        }
        checkMemory(view, view.payer(domain.domid()), bytes);
        checkMemory(
                view, view.payer(above.owner()), NodePath.name(missing.peek()).length() + 1L);
    }

    private static void checkSize(Client client, Nodes view, Node node) {
        if (client.domain().exceeds(Quota.NODE_SIZE, node.size())) {
            view.fail();
            throw Refusal.of(XsError.ENOSPC);
        }
    }

    private static void checkMemory(Nodes view, DomainState payer, long more) {
        if (payer != null && more > 0 && payer.exceeds(Quota.MEMORY, payer.memory() + more)) {
            view.fail();
            throw Refusal.of(XsError.ENOMEM);
        }
    }
}
