// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.domu.event;

/** Called in the vCPU's upcall thread when a port was notified; any number of notifications may have become one. */
@FunctionalInterface
public interface EventHandler {
    /** Looks for work. Must not block: all other events wait meanwhile. */
    void upcall();
}
