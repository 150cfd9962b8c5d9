// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.mmu;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Tables built by hand, of either format: entries are words, and the only difference is which bits lead on. */
final class Tables implements MonitorTables, PagingTraps {
    static final long PAGE = 4096;
    static final long LEAD_ON = LongWalk.P | LongWalk.RW | LongWalk.US | LongWalk.A;
    static final long LEAF = LEAD_ON | LongWalk.D;
    static final long EPT_LEAD_ON = 7;
    static final long EPT_LEAF = 7 | 6 << 3;
    static final PagingControls LONG_MODE = PagingControls.of(1L << 31 | 1 << 16, 1 << 5 | 1 << 7, 0xd00);

    final MemorySegment memory;
    private long nextTable;
    private long root;
    private long generation;
    int violations;
    long misconfigured = -1;
    Runnable onViolation = () -> {};

    /**
     * @param memory where tables lie
     * @param firstTable offset of the first; the others follow
     */
    Tables(MemorySegment memory, long firstTable) {
        this.memory = memory;
        this.root = firstTable;
        this.nextTable = firstTable + PAGE;
    }

    static MemorySegment pages(int count) {
        return Arena.ofAuto().allocate(count * PAGE, PAGE);
    }

    /** Maps an address at a level, making the tables above. */
    void map(long linear, int level, long entry, long leadOn) {
        long table = root;
        for (int above = 4; above > level; above--) {
            long at = at(table, linear, above);
            if (get(at) == 0) {
                set(at, nextTable | leadOn);
                nextTable += PAGE;
            }
            table = get(at) & LongWalk.ADDRESS;
        }
        set(at(table, linear, level), entry);
    }

    /** Where the entry for an address lies at a level. */
    long find(long linear, int level) {
        long table = root;
        for (int above = 4; above > level; above--) {
            table = get(at(table, linear, above)) & LongWalk.ADDRESS;
        }
        return at(table, linear, level);
    }

    private static long at(long table, long linear, int level) {
        return table + ((linear >>> (12 + 9 * (level - 1)) & 511) << 3);
    }

    long get(long at) {
        return memory.get(ValueLayout.JAVA_LONG, at);
    }

    void set(long at, long entry) {
        memory.set(ValueLayout.JAVA_LONG, at, entry);
    }

    void takeAway() {
        generation++;
    }

    @Override
    public long entry(long at) {
        return get(at);
    }

    @Override
    public long root() {
        return root;
    }

    @Override
    public long owner(long page) {
        return NO_OWNER;
    }

    private long seen;

    @Override
    public long settle(Tlb tlb) {
        if (seen != generation) {
            seen = generation;
            tlb.flush();
        }
        return generation;
    }

    @Override
    public int fault(long linear, int access, int bank) {
        return access == Tlb.WRITE ? Paging.WRITE : 0;
    }

    @Override
    public int write(long linear, int size, long value, int bank) {
        throw new AssertionError("no store is emulated");
    }

    @Override
    public int compareAndSet(long linear, long expected, long value, int bank) {
        throw new AssertionError("no store is emulated");
    }

    @Override
    public void invalidate(long linear) {}

    @Override
    public void loadRoot(long cr3) {}

    @Override
    public void controls(PagingControls controls) {}

    @Override
    public int eptViolation(long gpa, int access) {
        violations++;
        onViolation.run();
        return violations > 3 ? NOTHING : MENDED;
    }

    @Override
    public void eptMisconfiguration(long gpa) {
        misconfigured = gpa;
        throw new IllegalStateException("misconfigured");
    }
}
