// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.mmu;

/**
 * Tables that a monitor keeps and this processor can only read. An entry that leads to another table names a page of the
 * monitor's memory; an entry that maps a page names a page of RAM.
 */
public interface MonitorTables {
    /** {@link #owner} of a table that is no copy. */
    long NO_OWNER = -1;

    /** Reads an entry, with acquire order, at an offset in the monitor's memory. */
    long entry(long at);

    /** The top table for this processor, in the address bits; 0 if there is none at present. */
    long root();

    /** The page of RAM of which a table is a copy, by the table's page number in the monitor's memory. */
    long owner(long page);

    /** As {@link Paging#settle}, for what the monitor takes away and asks for. */
    long settle(Tlb tlb);
}
