// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.xenstored;

import io.splitvisor.xenstore.XsError;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A transaction: every node it has touched, as it found it and as it leaves it. At the end every node it found must still
 * be the one it found (nodes that were missing must be missing), so that the whole happens as if at that one moment;
 * otherwise EAGAIN. Changes of other nodes do not matter.
 */
final class StoreTransaction implements Nodes {
    private static final class Touched {
        private final Node found;
        private Node current;
        private boolean modified;
        private Match match;

        Touched(Node found) {
            this.found = found;
            this.current = found;
        }
    }

    private final Tree tree;
    private final Client client;
    private final int id;
    private final Map<String, Touched> touched = new LinkedHashMap<>();
    private final Map<Integer, Integer> nodeChanges = new HashMap<>();
    private long memory;
    private boolean created;
    private boolean failed;
    private boolean stale;

    StoreTransaction(Tree tree, Client client, int id) {
        this.tree = tree;
        this.client = client;
        this.id = id;
    }

    int id() {
        return id;
    }

    @Override
    public Node get(String path) {
        return touch(path).current;
    }

    private Touched touch(String path) {
        Touched entry = touched.get(path);
        if (entry == null) {
            if (client.domain().exceeds(Quota.TRANSACTION_NODES, touched.size() + 1L)) {
                failed = true;
                throw Refusal.of(XsError.ENOSPC);
            }
            entry = new Touched(tree.get(path));
            touched.put(path, entry);
            charge(path.length() + size(entry.current));
        }
        return entry;
    }

    @Override
    public void put(String path, Node node) {
        Touched entry = touch(path);
        Node old = entry.current;
        set(entry, node.withGeneration(tree.nextGeneration()));
        if (old == null) {
            created = true;
            nodeChanges.merge(node.owner(), 1, Integer::sum);
        } else if (old.owner() != node.owner()) {
            nodeChanges.merge(old.owner(), -1, Integer::sum);
            nodeChanges.merge(node.owner(), 1, Integer::sum);
        }
    }

    @Override
    public void remove(String path) {
        Touched entry = touch(path);
        if (entry.current != null) {
            nodeChanges.merge(entry.current.owner(), -1, Integer::sum);
            set(entry, null);
        }
    }

    private void set(Touched entry, Node node) {
        charge(size(node) - size(entry.current));
        entry.current = node;
        entry.modified = true;
    }

    @Override
    public void changed(String path, Match match, Node old) {
        Touched entry = touched.get(path);
        // What is told of the whole neighbourhood once is not told of less.
        if (entry.match != Match.SUBTREE) {
            entry.match = match;
        }
    }

    @Override
    public DomainState payer(int owner) {
        return client.domain();
    }

    @Override
    public int ownedNodes(DomainState domain) {
        return domain.used(Quota.NODES) + nodeChanges.getOrDefault(domain.domid(), 0);
    }

    @Override
    public void fail() {
        failed = true;
    }

    /** A domain died: what this transaction has seen of it must not come back. */
    void forget(int domid) {
        for (Touched entry : touched.values()) {
            if (entry.current != null && Domains.names(entry.current.permissions(), domid)) {
                stale = true;
                return;
            }
        }
    }

    /** Makes all of it true, or throws and changes nothing. */
    void commit(Domains domains) {
        if (failed) {
            throw Refusal.of(XsError.ENOMEM);
        }
        if (stale || conflicts()) {
            throw Refusal.of(XsError.EAGAIN);
        }
        if (created && !client.isPrivileged()) {
            checkNodeQuotas(domains);
        }
        for (Map.Entry<String, Touched> each : touched.entrySet()) {
            Touched entry = each.getValue();
            if (entry.modified && entry.current != null) {
                tree.put(each.getKey(), entry.current);
            } else if (entry.modified) {
                tree.remove(each.getKey());
            }
        }
        for (Map.Entry<String, Touched> each : touched.entrySet()) {
            Touched entry = each.getValue();
            if (entry.match != null) {
                tree.changed(each.getKey(), entry.match, entry.found);
            }
        }
    }

    /** Whether committing would change anything. */
    boolean hasChanges() {
        for (Touched entry : touched.values()) {
            if (entry.modified) {
                return true;
            }
        }
        return false;
    }

    private boolean conflicts() {
        for (Map.Entry<String, Touched> each : touched.entrySet()) {
            // Nodes never change: the same object is the same state.
            if (tree.get(each.getKey()) != each.getValue().found) {
                return true;
            }
        }
        return false;
    }

    private void checkNodeQuotas(Domains domains) {
        for (Map.Entry<Integer, Integer> change : nodeChanges.entrySet()) {
            DomainState domain = domains.find(change.getKey());
            if (change.getValue() > 0
                    && domain != null
                    && domain.exceeds(Quota.NODES, domain.used(Quota.NODES) + (long) change.getValue())) {
                throw Refusal.of(XsError.ENOSPC);
            }
        }
    }

    /** Gives back what the transaction was charged for; it is over. */
    void discard() {
        charge(-memory);
        touched.clear();
    }

    private void charge(long delta) {
        memory += delta;
        client.domain().addMemory(delta);
    }

    private static int size(Node node) {
        return node == null ? 0 : node.size();
    }
}
