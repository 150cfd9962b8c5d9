// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.toolstack;

/**
 * A virtual processor as it is now.
 *
 * @param domid its domain
 * @param name the domain's name
 * @param vcpu its number
 * @param online whether it is up
 * @param running whether it runs, as far as its domain is not paused
 * @param blocked whether it waits for an event
 * @param runningNanos what it has run, in nanoseconds
 * @param blockedNanos what it has waited
 * @param offlineNanos what it was down
 */
public record VcpuInfo(
        int domid,
        String name,
        int vcpu,
        boolean online,
        boolean running,
        boolean blocked,
        long runningNanos,
        long blockedNanos,
        long offlineNanos) {}
