// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.paging;

import io.splitvisor.abi.paging.MonitorHeader;
import io.splitvisor.abi.paging.PageTableEntry;
import io.splitvisor.abi.paging.PagingCounter;
import io.splitvisor.attach.DomainLayout;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * The table pages of a domain, which its MMUs walk. A page is named by its number in the monitor's memory. Pages are zero
 * when they are given out, and linked from other tables only afterwards (row T5); a page that was never needed costs nothing.
 */
final class TablePool {
    /** No page. */
    static final int NONE = -1;

    private final MonitorMemory memory;
    private final MemorySegment segment;
    private final int first;
    private final int capacity;
    private int[] free = new int[16];
    private int freeCount;
    private int untouched;
    private int limit;

    TablePool(MonitorMemory memory) {
        this.memory = memory;
        this.segment = memory.segment();
        this.first = memory.layout().poolPage();
        this.capacity = memory.layout().poolPages();
        this.limit = capacity;
        this.untouched = first;
    }

    /** Number of the first page. */
    int first() {
        return first;
    }

    /** Pages that there can be. */
    int capacity() {
        return capacity;
    }

    /** Pages that may be in use. */
    int limit() {
        return limit;
    }

    /** Sets that; false if more are in use (row T3). */
    boolean limit(int pages) {
        if (pages < used() || pages > capacity) {
            return false;
        }
        limit = pages;
        return true;
    }

    /** Pages in use. */
    int used() {
        return untouched - first - freeCount;
    }

    /** Takes a page of zeroes; {@link #NONE} if there is none. */
    int allocate() {
        if (used() >= limit) {
            return NONE;
        }
        int page = freeCount > 0 ? free[--freeCount] : untouched++;
        tellUse();
        return page;
    }

    /** Gives a page back. No table leads to it any more, and there is a new generation since. */
    void free(int page) {
        segment.asSlice(DomainLayout.bytes(page), DomainLayout.PAGE_SIZE).fill((byte) 0);
        owner(page, NONE);
        if (freeCount == free.length) {
            free = Arrays.copyOf(free, freeCount * 2);
        }
        free[freeCount++] = page;
        tellUse();
    }

    private void tellUse() {
        memory.level(PagingCounter.POOL_USED, PagingCounter.POOL_PEAK, used());
    }

    /** Tells whose copy a page is: a machine page, or {@link #NONE}. */
    void owner(int page, int machine) {
        MonitorHeader.mapEntryRelease(segment, ownerAt(page), machine + 1);
    }

    /** Whose copy it is. */
    int owner(int page) {
        return MonitorHeader.mapEntryAcquire(segment, ownerAt(page)) - 1;
    }

    private long ownerAt(int page) {
        return DomainLayout.bytes(memory.layout().ownerPage()) + (long) (page - first) * Integer.BYTES;
    }

    long entry(int page, int index) {
        return MonitorHeader.entryAcquire(segment, at(page, index));
    }

    /** One atomic store, with release order. */
    void entry(int page, int index, long value) {
        MonitorHeader.entryRelease(segment, at(page, index), value);
    }

    private static long at(int page, int index) {
        return DomainLayout.bytes(page) + (long) index * Long.BYTES;
    }

    /** The page that a table's entry leads to. */
    static int page(long entry) {
        return (int) PageTableEntry.frame(entry);
    }
}
