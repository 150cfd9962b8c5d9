// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.memory;

import io.splitvisor.abi.paging.MonitorHeader;
import io.splitvisor.abi.paging.MonitorLayout;
import io.splitvisor.attach.DomainLayout;
import java.lang.foreign.MemorySegment;

/**
 * P2M or M2P in the monitor's memory, where the guest can read it; as {@link MonitorLayout} says. Entries that were never
 * written cost nothing. Reads take no lock.
 */
final class PublishedMap {
    private final MemorySegment memory;
    private final MonitorLayout layout;
    private final long at;

    /**
     * @param mapPage the map's first page in the memory
     */
    PublishedMap(MemorySegment memory, MonitorLayout layout, int mapPage) {
        this.memory = memory;
        this.layout = layout;
        this.at = DomainLayout.bytes(mapPage);
    }

    /** Whether there is an entry for a number from 0. */
    boolean covers(long index) {
        return index < layout.p2mFrames();
    }

    /** The entry, or {@link PhysicalMap#NONE}. */
    int get(int index) {
        int entry = MonitorHeader.mapEntryAcquire(memory, at + (long) index * Integer.BYTES);
        if (entry == MonitorLayout.AS_AT_FIRST) {
            return layout.initial(index);
        }
        return entry == MonitorLayout.NOTHING ? PhysicalMap.NONE : entry - 1;
    }

    void set(int index, int value) {
        int entry = value == PhysicalMap.NONE ? MonitorLayout.NOTHING : value + 1;
        MonitorHeader.mapEntryRelease(memory, at + (long) index * Integer.BYTES, entry);
    }
}
