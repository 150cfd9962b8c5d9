// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.mmu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Registered mode: the walk is of the monitor's copies of tables that the guest has registered. Accessed and dirty bits are
 * set in the guest's own pages, where the guest looks for them; nothing else there counts.
 */
public final class RegisteredPaging extends MonitorWalk {
    private static final VarHandle LONG =
            ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle();

    private final MemorySegment ram;
    private final long[] addresses = new long[4];

    /**
     * @param tables the copies
     * @param ram the machine's pages
     */
    public RegisteredPaging(MonitorTables tables, MemorySegment ram) {
        super(tables, true);
        this.ram = ram;
    }

    @Override
    public int translate(long linear, int access, int bank, Mapping out) {
        int result;
        do {
            result = walk(linear, access, bank, out);
        } while (result == AGAIN);
        return result;
    }

    @Override
    long read(long at, int level) {
        addresses[level - 1] = at;
        return super.read(at, level);
    }

    /** By a linear mapping a walk ends with an entry that leads to a copy; what is mapped is the guest's own table. */
    @Override
    long target(long entry) {
        if ((entry & MonitorTables.LEADS_TO_COPY) == 0) {
            return super.target(entry);
        }
        // A copy without an owner has been given back, and there is a new generation: the walk is made again.
        return Math.max(0, tables().owner((entry & ADDRESS) >>> 12)) << 12;
    }

    /** What was seen is the copy's; the guest's entry differs from it in these bits, if in anything that matters. */
    @Override
    boolean mark(int level, long seen, int bits) {
        long at = addresses[level - 1];
        long owner = tables().owner(at >>> 12);
        if (owner == MonitorTables.NO_OWNER) {
            return true;
        }
        long own = owner << 12 | (at & 4095);
        long entry = (long) LONG.getVolatile(ram, own);
        long named = seen & ~(ADDRESS | MonitorTables.LEADS_TO_COPY) | target(seen);
        boolean same = ((entry ^ named) & ~(long) (A | D)) == 0;
        return !same || (entry & bits) == bits || LONG.compareAndSet(ram, own, entry, entry | bits);
    }

    /** Roots come from the monitor, when the guest's hypercall has been validated. */
    @Override
    public void root(long cr3) {}
}
