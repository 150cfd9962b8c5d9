// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.mmu;

import java.lang.foreign.MemorySegment;

/**
 * Guest-physical memory behind extended page tables, in Intel's format. {@link PageWalk} over it is the walk in two
 * dimensions: every address that it takes from the guest's tables, and theirs too, is walked here. Intel SDM volume 3, 29.3.
 *
 * <p>Four levels over four cost 24 references: the five addresses (four tables and the page) four each, and four entries of
 * the guest's. Setting an accessed or dirty bit is a store to guest-physical memory, and looks its page up once more.
 */
public final class EptMemory implements GuestMemory {
    /** Violations that may follow each other for one access, before somebody is taken to be mad. */
    private static final int MOST_VIOLATIONS = 16;

    private static final int LEVELS = 4;
    private static final int R = 1;
    private static final int W = 2;
    private static final int X = 4;
    private static final long LARGE = 1 << 7;
    private static final long MEMORY_TYPE = 7 << 3;
    private static final long IGNORE_PAT = 1 << 6;

    private static final long MISCONFIGURED = -2;

    private final MemorySegment ram;
    private final MonitorTables tables;
    private final PagingTraps traps;
    private int rights;
    private int shift;
    private long references;

    /**
     * @param ram the machine's pages
     * @param tables where the extended tables are
     */
    public EptMemory(MemorySegment ram, MonitorTables tables, PagingTraps traps) {
        this.ram = ram;
        this.tables = tables;
        this.traps = traps;
    }

    @Override
    public MemorySegment ram() {
        return ram;
    }

    @Override
    public long page(long gfn) {
        return page(gfn, Tlb.READ);
    }

    @Override
    public long page(long gfn, int access) {
        for (int violation = 0; violation < MOST_VIOLATIONS; violation++) {
            long page = walk(gfn, access);
            if (page >= 0) {
                return page + 4096 <= ram.byteSize() ? page : NO_PAGE;
            }
            if (page == MISCONFIGURED) {
                traps.eptMisconfiguration(gfn << 12);
            } else if (traps.eptViolation(gfn << 12, access) == PagingTraps.NOTHING) {
                return NO_PAGE;
            }
        }
        throw new IllegalStateException("guest-physical page " + gfn + " is never mapped");
    }

    private long walk(long gfn, int access) {
        long table = tables.root() & LongWalk.ADDRESS;
        if (table == 0 || gfn >>> 9 * LEVELS != 0) {
            return NO_PAGE;
        }
        int allowed = R | W | X;
        for (int level = LEVELS; ; level--) {
            references++;
            long entry = tables.entry(table + ((gfn >>> 9 * (level - 1) & 511) << 3));
            if ((entry & (R | W | X)) == 0) {
                return NO_PAGE;
            }
            boolean leaf = level == 1 || (level < 4 && (entry & LARGE) != 0);
            if (isMisconfigured(entry, level, leaf)) {
                return MISCONFIGURED;
            }
            allowed &= (int) entry;
            table = entry & LongWalk.ADDRESS;
            if (leaf) {
                // R, W and X stand in the order of Tlb's READ, WRITE and EXECUTE.
                rights = allowed;
                shift = 12 + 9 * (level - 1);
                long inPage = (1L << shift) - 1;
                return (rights & 1 << access) == 0 ? NO_PAGE : (table & ~inPage) | (gfn << 12 & inPage);
            }
        }
    }

    /** Writable but not readable, reserved bits, a memory type that there is not. */
    private boolean isMisconfigured(long entry, int level, boolean leaf) {
        if ((entry & (R | W)) == W || (entry & LongWalk.BEYOND_WIDTH) != 0) {
            return true;
        }
        if (!leaf) {
            return (entry & (MEMORY_TYPE | IGNORE_PAT | LARGE)) != 0;
        }
        int type = (int) (entry & MEMORY_TYPE) >>> 3;
        long unaligned = (1L << (12 + 9 * (level - 1))) - 1 & LongWalk.ADDRESS;
        return type == 2 || type == 3 || type == 7 || (entry & unaligned) != 0;
    }

    @Override
    public int rights() {
        return rights;
    }

    @Override
    public int shift() {
        return shift;
    }

    @Override
    public long settle(Tlb tlb) {
        return tables.settle(tlb);
    }

    @Override
    public long references() {
        return references;
    }
}
