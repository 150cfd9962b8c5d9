// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.domu.paging;

/**
 * How one processor reads and changes page tables: all in which the paging modes differ for a guest. Addresses of entries and
 * frames are guest-physical; entries hold guest-physical frames, whatever stands in memory.
 */
interface TableUpdates {
    /** Whether entries of level 2 may map 2 MiB. If not, 512 entries do. */
    boolean largePages();

    /** Reads an entry. */
    long get(long at);

    /** An entry as it stands in memory, with the frame that it names. */
    long named(long raw);

    /** Writes an entry. */
    void set(long at, long entry);

    /** Writes an entry that keeps the accessed and dirty bits it has by then. */
    void setKeepingBits(long at, long entry);

    /** A frame, all zeros, becomes a table: its kernel mapping may have to change. */
    void adopt(int frame);

    /** A frame is no table any more, and no TLB holds anything that came through it. */
    void disown(int frame);

    /** A root is ready to be loaded: it holds the kernel's entry. */
    void register(int root);

    /** A root is loaded nowhere any more, and has no other entries than the kernel's. */
    void unregister(int root);

    /** Changes may be held back until {@link #end}, for they come in numbers. */
    void begin();

    /** All changes are in force. */
    void end();

    /** Loads a root, as MOV to CR3 does. The TLB is the caller's affair. */
    void load(int root);

    /**
     * Asks the monitor to have other vCPUs forget addresses; they do at their next safe points.
     *
     * @param mask a bit for each vCPU that has to; more may
     * @param count how many addresses, or {@link Shootdown#ALL}
     */
    void flushOthers(long mask, long[] addresses, int count);

    /** All translations of the root in force are to be looked up again. The TLB is the caller's affair. */
    void flush(int root);
}
