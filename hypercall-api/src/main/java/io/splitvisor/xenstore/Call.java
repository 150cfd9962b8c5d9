// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.xenstore;

import java.util.concurrent.locks.LockSupport;

/** A request on its way, and the thread that waits for the reply. */
final class Call {
    private final Thread waiter = Thread.currentThread();
    private volatile XsMessage reply;
    private volatile String failure;

    void complete(XsMessage message) {
        reply = message;
        LockSupport.unpark(waiter);
    }

    void fail(String reason) {
        failure = reason;
        LockSupport.unpark(waiter);
    }

    /** The reply, null as long as there is none. */
    XsMessage reply() {
        return reply;
    }

    /** Why there will be no reply, null as long as there may be one. */
    String failure() {
        return failure;
    }

    boolean isDone() {
        return reply != null || failure != null;
    }
}
