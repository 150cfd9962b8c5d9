// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.xenstore;

import java.util.function.Function;

/**
 * A connection to xenstored. Blocking, and safe for use by any number of threads; every wait ends, at the latest with
 * EIO when the connection goes away.
 */
public interface Xenstore extends XenstoreNodes, AutoCloseable {
    /** Starts a transaction that the caller commits or aborts. */
    Transaction begin();

    /**
     * Runs {@code body} in a transaction and commits it; does so again from the start as long as it conflicts with
     * others. If the body throws, the transaction is aborted.
     *
     * @throws XenstoreException EAGAIN if it conflicted a thousand times
     */
    <T> T transaction(Function<Transaction, T> body);

    /**
     * Watches a node and everything below. An event comes at once, and then for every change; equal events that nobody
     * has taken yet become one, and when too many different ones wait, one event for {@code path} stands for them all.
     *
     * @param path absolute or relative; events come in the same form; or {@code @introduceDomain},
     *     {@code @releaseDomain}
     * @param token comes with each event; the pair of path and token is unique on this connection
     */
    Watch watch(String path, String token);

    /** As {@link #watch(String, String)}, but calls {@code handler}, one event at a time, on a thread of its own. */
    Watch watch(String path, String token, WatchHandler handler);

    /**
     * As {@link #watch(String, String)}, for changes at most {@code depth} levels below the path: 0 is the node alone. For
     * {@code @releaseDomain} and {@code @introduceDomain}, depth 1 tells the domain: {@code @releaseDomain/5}.
     *
     * @param handler null to take the events from the watch
     */
    Watch watch(String path, String token, int depth, WatchHandler handler);

    /** Ends all watches and transactions of this connection. */
    void resetWatches();

    /** {@code /local/domain/N}. */
    String getDomainPath(int domid);

    /** Whether xenstored talks with the domain. Control domain only, as all that follow. */
    boolean isDomainIntroduced(int domid);

    /**
     * Tells xenstored to talk with a domain.
     *
     * @param gfn guest frame of its interface page
     * @param port the domain's unbound event channel
     */
    void introduce(int domid, long gfn, int port);

    /** Tells xenstored to talk no more with a domain, and to forget what it owned. */
    void release(int domid);

    /** A domain that was shut down runs again, so its next shutdown is news. */
    void resume(int domid);

    /** Gives {@code domid} every access that {@code target} has. */
    void setTarget(int domid, int target);

    /** Any request of the protocol, for what has no method here; returns the reply's payload. */
    byte[] request(XsMessageType type, byte[] payload);

    /** Gives the connection up; xenstored drops its watches and transactions. */
    @Override
    void close();
}
