// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.xenstored;

/** Nodes as a request sees them: those of the {@link Tree}, or those of a {@link StoreTransaction} on top of it. */
interface Nodes {
    /** How an event reaches watches. */
    enum Match {
        /** Only watches on the very path: something below what was removed. */
        EXACT,
        /** Watches on the path and on everything above. */
        SUBTREE
    }

    /** The node, or null. In a transaction, the answer becomes part of what must not change until the end. */
    Node get(String path);

    /** Stores a node, new or changed; it gets a generation of its own. */
    void put(String path, Node node);

    /** Takes a node away. */
    void remove(String path);

    /**
     * A change is complete: tell watches, or note that the end of the transaction has to.
     *
     * @param old who might see it before; null if it is new
     */
    void changed(String path, Match match, Node old);

    /** Who pays for a node of that owner; null for a domain that nobody knows. */
    DomainState payer(int owner);

    /** Nodes that the domain would own. */
    int ownedNodes(DomainState domain);

    /** A change failed half-way, so nothing of this may be committed. */
    void fail();
}
