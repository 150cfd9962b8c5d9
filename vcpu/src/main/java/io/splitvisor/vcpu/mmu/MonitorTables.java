// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.mmu;

/**
 * Tables that a monitor keeps and this processor can only read. An entry that leads to another table names a page of the
 * monitor's memory; an entry that maps a page names a page of RAM.
 */
public interface MonitorTables {
    /** {@link #owner} of a table that is no copy. */
    long NO_OWNER = -1;

    /** In an entry of a shadow that leads to another: all below it is one large page of the guest's, split into small ones. */
    long LARGE_BELOW = 1 << 9;

    /** In an entry of a copy that leads to another: what is mapped, if the walk ends here, is the page of which that is one. */
    long LEADS_TO_COPY = 1 << 3;

    /** Reads an entry, with acquire order, at an offset in the monitor's memory. */
    long entry(long at);

    /** The top table for this processor, in the address bits; 0 if there is none at present. */
    long root();

    /** The page of RAM of which a table is a copy, by the table's page number in the monitor's memory. */
    long owner(long page);

    /** As {@link Paging#settle}, for what the monitor takes away and asks for. */
    long settle(Tlb tlb);
}
