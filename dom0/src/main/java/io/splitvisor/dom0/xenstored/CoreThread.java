// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.xenstored;

/** Where {@link XenstoreCore} is used: nobody else touches it. */
interface CoreThread {
    /** Whether the caller is there. */
    boolean isOwnThread();

    /** Runs a task there, now or soon. */
    void execute(Runnable task);

    /** Runs a task there, sends what it queued, and waits for it. */
    void call(Runnable task);
}
