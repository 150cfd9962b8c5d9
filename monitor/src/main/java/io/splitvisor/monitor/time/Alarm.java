// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.time;

/** A call that comes at a time, once. Confined to the thread that serves the domain, in which the call comes, too. */
public interface Alarm {
    /** Sets the time, in place of one set before. A system time that has passed comes soon, but not within this call. */
    void set(long systemTime);

    /** No call comes any more, until it is set again. */
    void cancel();
}
