// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.xenstored;

import java.util.ArrayList;
import java.util.List;

/** What xenstored knows of a domain: what it uses, what it may use, who speaks for it. */
final class DomainState {
    private final int domid;
    private final Quota.Values quotas;
    private final List<Client> clients = new ArrayList<>(1);
    private final WriteCredit credit;
    private int features;
    private boolean introduced;
    private boolean shutDown;
    private int nodes;
    private int watches;
    private int outstanding;
    private int transactions;
    private long memory;

    DomainState(int domid, Quota.Values quotas, int features, WriteCredit credit) {
        this.domid = domid;
        this.quotas = quotas;
        this.features = features;
        this.credit = credit;
    }

    int domid() {
        return domid;
    }

    /** Whether quotas do not hold, and permissions either. */
    boolean isPrivileged() {
        return domid == 0;
    }

    Quota.Values quotas() {
        return quotas;
    }

    /** Connections that act for this domain: its ring's, and in-process ones. */
    List<Client> clients() {
        return clients;
    }

    WriteCredit credit() {
        return credit;
    }

    int features() {
        return features;
    }

    void setFeatures(int bits) {
        features = bits;
    }

    boolean isIntroduced() {
        return introduced;
    }

    void setIntroduced(boolean is) {
        introduced = is;
    }

    boolean isShutDown() {
        return shutDown;
    }

    void setShutDown(boolean is) {
        shutDown = is;
    }

    /** Whether {@code value} would be more of something than the domain may have. */
    boolean exceeds(Quota quota, long value) {
        int limit = quotas.get(quota);
        return limit != 0 && !isPrivileged() && value > limit;
    }

    int used(Quota quota) {
        return switch (quota) {
            case NODES -> nodes;
            case WATCHES -> watches;
            case OUTSTANDING -> outstanding;
            case TRANSACTIONS -> transactions;
            case MEMORY, SOFT_MEMORY -> (int) Math.min(memory, Integer.MAX_VALUE);
            case TRANSACTION_NODES, PERMISSIONS, PATH, NODE_SIZE -> 0;
        };
    }

    long memory() {
        return memory;
    }

    void addNodes(int delta) {
        nodes += delta;
    }

    void addWatches(int delta) {
        watches += delta;
    }

    void addOutstanding(int delta) {
        outstanding += delta;
    }

    void addTransactions(int delta) {
        transactions += delta;
    }

    /** Books memory. What was freed may let the domain's ring be read again. */
    void addMemory(long delta) {
        boolean stalled = isOverMemory();
        memory += delta;
        if (stalled && !isOverMemory()) {
            for (Client client : clients) {
                client.link().resume();
            }
        }
    }

    private boolean isOverMemory() {
        return exceeds(Quota.MEMORY, memory + 1);
    }

    /** Whether its requests are served: not while it has not read enough replies, or used up its memory. */
    boolean mayRequest() {
        return !exceeds(Quota.OUTSTANDING, outstanding + 1L) && !isOverMemory();
    }
}
