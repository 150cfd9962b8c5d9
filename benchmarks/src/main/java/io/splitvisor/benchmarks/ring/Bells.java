// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.benchmarks.ring;

import io.splitvisor.host.EventFd;
import io.splitvisor.host.Poll;

/** The eventfds of the two sides, as one of them uses them. Counts what it sends. */
final class Bells implements AutoCloseable {
    private final EventFd mine;
    private final EventFd theirs;
    private final Poll poll;
    private long notifications;

    Bells(EventFd mine, EventFd theirs) {
        this.mine = mine;
        this.theirs = theirs;
        this.poll = new Poll(mine.fd());
    }

    void notifyPeer() {
        notifications++;
        theirs.signal();
    }

    void await() {
        while (!mine.drain()) {
            poll.await(-1);
        }
    }

    long notifications() {
        return notifications;
    }

    @Override
    public void close() {
        poll.close();
        mine.close();
        theirs.close();
    }
}
