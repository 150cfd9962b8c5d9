// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.kernel;

import io.splitvisor.vcpu.Registers;
import io.splitvisor.vcpu.Registers.SegmentValue;
import io.splitvisor.vcpu.Vcpu;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Puts processors into ring 0 of long mode, with the first 2 MiB mapped one to one. */
final class LongMode {
    private static final long CR0 = 0x8001_0033L;
    private static final long CR4 = 0x20;
    private static final long EFER = 0x500;

    private LongMode() {}

    /**
     * @param tables three pages for the page tables
     */
    static void enter(Vcpu vcpu, MemorySegment ram, long rip, long tables) {
        ram.set(ValueLayout.JAVA_LONG, tables, tables + 0x1000 | 7);
        ram.set(ValueLayout.JAVA_LONG, tables + 0x1000, tables + 0x2000 | 7);
        ram.set(ValueLayout.JAVA_LONG, tables + 0x2000, 0x80 | 7);
        Registers r = vcpu.registers();
        r.system(CR0, tables, CR4, EFER);
        r.segment(2, new SegmentValue(0x10, 0, -1, 0xc093));
        r.segment(3, new SegmentValue(0x10, 0, -1, 0xc093));
        r.segment(1, new SegmentValue(8, 0, -1, 0xa09b));
        r.rip(rip);
        // A stack of its own, behind the code.
        r.general(4, rip + 0x50000);
    }
}
