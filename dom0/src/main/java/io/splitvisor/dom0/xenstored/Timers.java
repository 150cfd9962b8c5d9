// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.xenstored;

import java.util.concurrent.TimeUnit;

/** xenstored's thread, seen by those who want something done on it. */
interface Timers {
    /** Soon. From any thread. */
    void execute(Runnable task);

    /** After a while. */
    void schedule(Runnable task, long delay, TimeUnit unit);
}
