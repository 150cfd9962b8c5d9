// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.xenstored;

import io.splitvisor.xenstore.XsWire;
import java.util.EnumMap;
import java.util.Map;

/** What is limited per domain, by the names that GET_QUOTA and SET_QUOTA know, and how much of it there is at first. */
enum Quota {
    /** Nodes that the domain owns. */
    NODES("nodes", 1000),
    /** Watches it has set. */
    WATCHES("watches", 128),
    /** Requests whose replies it has not read. */
    OUTSTANDING("outstanding", 20),
    /** Bytes: its nodes, transactions, watches, and output it has not read. */
    MEMORY("memory", 2560 * 1024),
    /** Bytes beyond which the log tells of it, and nothing else happens. */
    SOFT_MEMORY("soft-memory", 2048 * 1024),
    /** Transactions open at a time. */
    TRANSACTIONS("transactions", 10),
    /** Nodes that one transaction may touch. */
    TRANSACTION_NODES("transaction-nodes", 1024),
    /** Permission entries of a node, the owner's included. */
    PERMISSIONS("node-permissions", 5),
    /** Characters of a path, without {@code /local/domain/N/}. */
    PATH("path-max", XsWire.REL_PATH_MAX),
    /** Bytes of a node: header, permissions, value, children's names. */
    NODE_SIZE("node-size", 2048);

    private static final Quota[] ALL = values();

    private final String key;
    private final int initial;

    Quota(String key, int initial) {
        this.key = key;
        this.initial = initial;
    }

    String key() {
        return key;
    }

    /** The quota of that name, or null. */
    static Quota of(String key) {
        for (Quota quota : ALL) {
            if (quota.key.equals(key)) {
                return quota;
            }
        }
        return null;
    }

    /** Values of all quotas: of one domain, or those that new domains start with. 0 means no limit. */
    static final class Values {
        private final Map<Quota, Integer> values = new EnumMap<>(Quota.class);

        Values() {
            for (Quota quota : ALL) {
                values.put(quota, quota.initial);
            }
        }

        Values(Values other) {
            values.putAll(other.values);
        }

        int get(Quota quota) {
            return values.get(quota);
        }

        void set(Quota quota, int value) {
            values.put(quota, value);
        }
    }
}
