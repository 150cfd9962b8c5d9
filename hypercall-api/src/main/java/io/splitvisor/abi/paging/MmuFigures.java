// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi.paging;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/**
 * What a vCPU's MMU tells about itself, in the vCPU's control page in the ram memfd. For people, and for the guest's other
 * vCPUs: the monitor believes nothing of it.
 *
 * <pre>
 *   offset  size
 *      256     8  walks
 *      264     8  references of memory in walks
 *      272     8  fills of the TLB
 *      280     8  hits, an estimate from samples
 *      288     8  page faults raised
 *      296     8  flushes
 *      304     8  generation last seen
 *      312     8  flush last seen
 *      320     8  invalidate last seen
 *      328     8  under EPT: the address of the top table of four levels; 0 while there is none
 * </pre>
 */
public final class MmuFigures {
    public static final long WALKS = 256;
    public static final long REFERENCES = 264;
    public static final long FILLS = 272;
    public static final long HITS = 280;
    public static final long FAULTS = 288;
    public static final long FLUSHES = 296;
    public static final long SEEN_GENERATION = 304;
    public static final long SEEN_FLUSH = 312;
    public static final long SEEN_INVALIDATE = 320;
    public static final long CR3 = 328;

    private static final VarHandle LONG = JAVA_LONG.varHandle();

    private MmuFigures() {}

    /** A figure, in a vCPU's control page. */
    public static long getAcquire(MemorySegment control, long figure) {
        return (long) LONG.getAcquire(control, figure);
    }

    public static void setRelease(MemorySegment control, long figure, long value) {
        LONG.setRelease(control, figure, value);
    }
}
