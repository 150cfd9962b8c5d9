// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor;

import io.splitvisor.abi.paging.MonitorHeader;
import io.splitvisor.abi.paging.MonitorLayout;
import io.splitvisor.attach.DomainLayout;
import io.splitvisor.host.EventFd;
import io.splitvisor.host.HostException;
import io.splitvisor.host.SharedMemory;
import io.splitvisor.monitor.paging.PagingConfig;

/**
 * What a domain takes from the host: all of it or, when the host runs short, nothing.
 *
 * @param ram the guest-physical memory
 * @param monitorPages the memory that only the monitor writes
 * @param bellToDom0 the bell that the guest rings
 * @param bellToGuest the bell that wakes the guest
 */
record DomainResources(SharedMemory ram, SharedMemory monitorPages, EventFd bellToDom0, EventFd bellToGuest) {
    /**
     * All of it.
     *
     * @param populated pages of RAM that the domain has at first
     */
    static DomainResources create(int domid, DomainLayout layout, int populated, PagingConfig paging) {
        MonitorLayout maps = layout.monitorLayout(populated, paging.poolPages());
        SharedMemory ram = SharedMemory.create("splitvisor-ram-" + domid, layout.totalBytes());
        SharedMemory monitorPages = null;
        EventFd bellToDom0 = null;
        try {
            monitorPages = SharedMemory.createGuarded("splitvisor-monitor-" + domid, maps.bytes());
            int flags = paging.trapEveryWrite() ? MonitorHeader.TRAP_EVERY_WRITE : 0;
            MonitorHeader.write(monitorPages.segment(), maps, paging.mode(), flags, layout.vcpus());
            bellToDom0 = EventFd.create();
            return new DomainResources(ram, monitorPages, bellToDom0, EventFd.createOneWay());
        } catch (HostException e) {
            ram.close();
            if (monitorPages != null) {
                monitorPages.close();
            }
            if (bellToDom0 != null) {
                bellToDom0.close();
            }
            throw e;
        }
    }

    /**
     * Gives everything back. Idempotent.
     *
     * @throws IllegalStateException if a native call uses the memory just now; nothing is given back then
     */
    void close() {
        ram.close();
        monitorPages.close();
        bellToDom0.close();
        bellToGuest.close();
    }
}
