// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.time;

/** Who calls the monitor when a time has come: it has no thread of its own. */
@FunctionalInterface
public interface Alarms {
    /**
     * An alarm, not set. The monitor asks for a fixed number of them when it makes a domain, so a guest cannot have more by
     * asking.
     *
     * @param domid whose thread makes the call
     * @param due the call; must not block
     */
    Alarm newAlarm(int domid, Runnable due);
}
