// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi.paging;

import java.lang.foreign.MemorySegment;

/**
 * Where things lie in the monitor memfd, in pages of 4096 bytes; all numbers are little-endian. The monitor writes it, the
 * guest's process can only map it for reading. Its size never changes, and what was never written costs nothing.
 *
 * <pre>
 *   page 0, 1  header ({@link MonitorHeader})
 *   p2mPage    physical to machine, 4 bytes a frame, for the frames below p2mFrames
 *   m2pPage    machine to physical, 4 bytes a machine page
 *   ownerPage  4 bytes a pool page: the machine page whose copy it is, plus 1; 0 for none (registered mode)
 *   poolPage   the table pages
 * </pre>
 *
 * <p>A <b>machine page</b> is a page of the domain's ram memfd, by its number there (MFN). A <b>pool page</b> is named by
 * its number in the monitor memfd, from that of the pool up: its bytes are at {@code number * 4096}. Table pages have the
 * format of x86-64 or, for EPT, Intel's; their non-leaf entries hold pool pages, their leaf entries machine pages, both at
 * bits 12 to 51 as usual.
 *
 * <p>An entry of P2M and M2P is {@link #AS_AT_FIRST}, {@link #NOTHING}, or a number plus 1. At first the frames below
 * {@code populated} and the special pages have the machine pages of their own numbers, and the others none: {@link
 * #lookup} decodes that.
 *
 * @param machinePages machine pages that can have a frame: RAM and the special pages, vCPU areas left out
 * @param ramPages those of them that are RAM, from 0
 * @param populated frames that had a page at first, from 0
 * @param poolPages most table pages
 */
public record MonitorLayout(int machinePages, int ramPages, int populated, int poolPages) {
    /** An entry that was never written. */
    public static final int AS_AT_FIRST = 0;

    /** An entry for a hole, or a machine page without a frame. */
    public static final int NOTHING = -1;

    /**
     * Width of a physical address, a guest's or a machine's (MAXPHYADDR): bits above it in an entry are reserved. That of the
     * x86 processor, so that its registers and its tables fault alike. Pages of RAM have less: between 1 TiB and this are holes.
     */
    public static final int PHYSICAL_BITS = 46;

    /** Pages of the header: the parts of 32 vCPUs need more than one. */
    private static final int HEADER_PAGES = 2;

    private static final int PAGE = 4096;
    private static final int ENTRIES = PAGE / Integer.BYTES;

    /** Pages that guests may have for tables: 4 GiB. */
    public static final int MAX_POOL_PAGES = 1 << 20;

    /** Checks the ranges. */
    public MonitorLayout {
        boolean sound = machinePages > 0
                && ramPages <= machinePages
                && populated >= 0
                && populated <= ramPages
                && poolPages >= 0
                && poolPages <= MAX_POOL_PAGES;
        if (!sound) {
            throw new IllegalArgumentException(machinePages + " machine pages, " + ramPages + " of RAM, " + populated
                    + " at first, " + poolPages + " for tables");
        }
    }

    /** First page of P2M. */
    public int p2mPage() {
        return HEADER_PAGES;
    }

    /** Frames that P2M covers; those above are not there for a guest that reads it. */
    public int p2mFrames() {
        return mapPages() * ENTRIES;
    }

    /** First page of M2P. */
    public int m2pPage() {
        return p2mPage() + mapPages();
    }

    /** First page of the owners of pool pages. */
    public int ownerPage() {
        return m2pPage() + mapPages();
    }

    /** First pool page. */
    public int poolPage() {
        return ownerPage() + (poolPages + ENTRIES - 1) / ENTRIES;
    }

    /** Bytes of the monitor memfd. */
    public long bytes() {
        return (long) (poolPage() + poolPages) * PAGE;
    }

    private int mapPages() {
        return (machinePages + ENTRIES - 1) / ENTRIES;
    }

    /** What stands at an index of P2M or M2P if it was never written; {@link #NOTHING} for a hole. */
    public int initial(int index) {
        return index < populated || (index >= ramPages && index < machinePages) ? index : NOTHING;
    }

    /** The machine page of a frame, or the frame of a machine page; {@link #NOTHING} if there is none. */
    public int lookup(MemorySegment monitorMemory, int mapPage, long index) {
        if (index < 0 || index >= p2mFrames()) {
            return NOTHING;
        }
        int entry = MonitorHeader.mapEntryAcquire(monitorMemory, (long) mapPage * PAGE + index * Integer.BYTES);
        return entry == AS_AT_FIRST ? initial((int) index) : entry == NOTHING ? NOTHING : entry - 1;
    }
}
