// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.xenstored;

import io.splitvisor.xenstore.Permissions;
import io.splitvisor.xenstore.Permissions.Access;
import io.splitvisor.xenstore.XsWire;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** One connection: who speaks, and what it has set up. Everything of it ends with it. */
final class Client {
    private static final int NOBODY = -1;

    private final XenstoreCore core;
    private final DomainState domain;
    private final Outbox outbox = new Outbox(this);
    private final Map<String, WatchEntry> watches = new LinkedHashMap<>();
    private final Map<Integer, StoreTransaction> transactions = new HashMap<>();
    private Link link;
    private int lastTransaction;
    private int target = NOBODY;
    private boolean ignored;
    private boolean dirty;

    Client(XenstoreCore core, DomainState domain) {
        this.core = core;
        this.domain = domain;
    }

    XenstoreCore core() {
        return core;
    }

    DomainState domain() {
        return domain;
    }

    int domid() {
        return domain.domid();
    }

    boolean isPrivileged() {
        return domain.isPrivileged();
    }

    Outbox outbox() {
        return outbox;
    }

    Link link() {
        return link;
    }

    void attach(Link to) {
        link = to;
    }

    /** Whether it broke the protocol: it is neither listened to nor told anything. */
    boolean isIgnored() {
        return ignored;
    }

    /** The domain whose accesses this client has too. */
    void setTarget(int domid) {
        target = domid;
    }

    void forgetTarget(int domid) {
        if (target == domid) {
            target = NOBODY;
        }
    }

    /** Whether it may do everything with a node of these permissions. */
    boolean owns(Permissions permissions) {
        return isPrivileged() || is(permissions.owner());
    }

    /** What it may do with a node of these permissions. */
    Access access(Permissions permissions) {
        if (owns(permissions)) {
            return Access.BOTH;
        }
        List<Permissions.Entry> entries = permissions.entries();
        for (int i = 0; i < entries.size(); i++) {
            if (is(entries.get(i).domid())) {
                return entries.get(i).access();
            }
        }
        return permissions.others();
    }

    private boolean is(int id) {
        return id == domid() || id == XsWire.DOMID_ANY || (id == target && target != NOBODY);
    }

    /** Absolute form of a path from this client, or null. */
    String canonical(String path, boolean special) {
        int max = isPrivileged() ? 0 : domain.quotas().get(Quota.PATH);
        return NodePath.canonical(path, domid(), special, max);
    }

    // Watches.

    WatchEntry findWatch(String path, String token) {
        return watches.get(key(path, token));
    }

    void addWatch(WatchEntry watch) {
        watches.put(key(watch.path(), watch.token()), watch);
        domain.addWatches(1);
        domain.addMemory(watch.memory());
        core.watches().add(watch);
    }

    void removeWatch(WatchEntry watch) {
        watches.remove(key(watch.path(), watch.token()));
        drop(watch);
    }

    private void drop(WatchEntry watch) {
        core.watches().remove(watch);
        outbox.forget(watch);
        domain.addWatches(-1);
        domain.addMemory(-watch.memory());
    }

    void removeAllWatches() {
        List<WatchEntry> all = new ArrayList<>(watches.values());
        watches.clear();
        for (WatchEntry watch : all) {
            drop(watch);
        }
    }

    private static String key(String path, String token) {
        return path + '\0' + token;
    }

    // Transactions.

    StoreTransaction transaction(int id) {
        return transactions.get(id);
    }

    StoreTransaction begin(Tree tree) {
        do {
            lastTransaction++;
        } while (lastTransaction == 0 || transactions.containsKey(lastTransaction));
        StoreTransaction transaction = new StoreTransaction(tree, this, lastTransaction);
        transactions.put(lastTransaction, transaction);
        domain.addTransactions(1);
        core.domains().pool().transactionStarted();
        return transaction;
    }

    void end(StoreTransaction transaction) {
        if (transactions.remove(transaction.id()) != null) {
            transaction.discard();
            domain.addTransactions(-1);
            core.domains().pool().transactionEnded();
        }
    }

    void endAllTransactions() {
        for (StoreTransaction transaction : new ArrayList<>(transactions.values())) {
            end(transaction);
        }
    }

    void forgetInTransactions(int domid) {
        for (StoreTransaction transaction : transactions.values()) {
            transaction.forget(domid);
        }
    }

    // The end.

    /** Drops watches, transactions and output: the state of a connection that has just begun. */
    void reset() {
        removeAllWatches();
        endAllTransactions();
        outbox.clear();
    }

    /** It starts over: whatever it did before is forgotten, and forgiven. */
    void restart() {
        reset();
        ignored = false;
    }

    /** The client broke the protocol. It stays, so that its death is noticed, but is not spoken with. */
    void ignore(int error) {
        if (!ignored) {
            reset();
            ignored = true;
            link.giveUp(error);
        }
    }

    /** Marks it as having output; false if it was so marked. */
    boolean markDirty() {
        boolean first = !dirty;
        dirty = true;
        return first;
    }

    void clearDirty() {
        dirty = false;
    }
}
