// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu;

import io.splitvisor.vcpu.cpu.DebugUnit;
import io.splitvisor.vcpu.mmu.Tlb;

/**
 * Breakpoints of the host's, invisible to the guest and as many as wanted. To be changed between runs. Code in pages
 * with breakpoints, and accesses to pages with watchpoints, are slow; the rest runs at full speed.
 */
public final class Breakpoints {
    /** What is watched. */
    public enum Access {
        /** Stores. */
        WRITE(1 << Tlb.WRITE),
        /** Loads. */
        READ(1 << Tlb.READ),
        /** Both. */
        ANY(1 << Tlb.READ | 1 << Tlb.WRITE);

        private final int rights;

        Access(int rights) {
            this.rights = rights;
        }
    }

    private final DebugUnit unit;

    Breakpoints(DebugUnit unit) {
        this.unit = unit;
    }

    /** An {@link Exit.Breakpoint} before the instruction at a linear address. */
    public void add(long linear) {
        unit.add(linear);
    }

    /** Ends {@link #add}. */
    public void remove(long linear) {
        unit.remove(linear);
    }

    /** An {@link Exit.Watchpoint} after instructions that access a range of linear addresses. */
    public void watch(long linear, long size, Access access) {
        unit.watch(linear, size, access.rights);
    }

    /** Ends {@link #watch}, given the same. */
    public void unwatch(long linear, long size, Access access) {
        unit.unwatch(linear, size, access.rights);
    }
}
