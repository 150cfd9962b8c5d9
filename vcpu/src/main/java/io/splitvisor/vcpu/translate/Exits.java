// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.translate;

import io.splitvisor.vcpu.cpu.Cpu;
import java.util.Arrays;

/** Where a region can be left, and what has to be put right in the processor when it was. */
public final class Exits {
    /** The flow left: to a direct target. */
    private static final byte DIRECT = 0;
    /** The flow left: to the instruction pointer that the region set. */
    private static final byte COMPUTED = 1;
    /** The budget was used up: to a direct target inside the region. */
    private static final byte BUDGET = 4;
    /** The instruction there has not been executed, and only the interpreter can. */
    private static final byte SIDE = 2;
    /** An operation of the interpreter's, called by the region, has thrown; the state is settled. */
    private static final byte FAULT = 3;

    /** What follows an exit. */
    public enum Next {
        /** The flow left the region. */
        ANYTHING,
        /** The next instruction needs the interpreter; then the region goes on. */
        INTERPRET,
        /** The region goes on, somewhere in its middle. */
        RETURN
    }

    private long[] delta = new long[16];
    private int[] refund = new int[16];
    private byte[] kind = new byte[16];
    private byte[] reason = new byte[16];
    private int count;

    Exits() {}

    private int add(long to, int instructions, int flags, byte why) {
        if (count == delta.length) {
            delta = Arrays.copyOf(delta, 2 * count);
            refund = Arrays.copyOf(refund, 2 * count);
            kind = Arrays.copyOf(kind, 2 * count);
            reason = Arrays.copyOf(reason, 2 * count);
        }
        delta[count] = to;
        refund[count] = instructions;
        kind[count] = (byte) flags;
        reason[count] = why;
        return count++;
    }

    /** To a direct target, {@code to} bytes from the region's entry. */
    int direct(long to, int unused, int flags) {
        return add(to, unused, flags, DIRECT);
    }

    /** To a place in the region, because the budget is used up. */
    int budget(long to, int flags) {
        return add(to, 0, flags, BUDGET);
    }

    /** To a computed target. */
    int computed(int flags) {
        return add(0, 0, flags, COMPUTED);
    }

    /** Before the instruction {@code to} bytes from the entry, with {@code unused} instructions of its block not executed. */
    int side(long to, int unused, int flags) {
        return add(to, unused, flags, SIDE);
    }

    /** As {@link #side}, by an exception that goes on. */
    int fault(long to, int unused, int flags) {
        return add(to, unused, flags, FAULT);
    }

    /**
     * Brings the processor to the state that an exit stands for, and counts what was executed.
     *
     * @param result what {@link RegionCode#run} returned
     * @param base the linear address of the entry
     * @param budget what it was given
     * @return what to do next
     */
    public Next settle(Cpu c, long result, long base, int budget) {
        int exit = (int) (result >>> 40);
        c.retired += budget - (int) result - refund[exit];
        if (reason[exit] != COMPUTED) {
            c.rip = base + delta[exit];
        }
        FlagKind.settle(c, kind[exit] == FlagKind.DYNAMIC ? (int) (result >>> 32) & 0xff : kind[exit]);
        if (reason[exit] == FAULT) {
            throw c.fault;
        }
        return switch (reason[exit]) {
            case SIDE -> Next.INTERPRET;
            case BUDGET -> Next.RETURN;
            default -> Next.ANYTHING;
        };
    }
}
