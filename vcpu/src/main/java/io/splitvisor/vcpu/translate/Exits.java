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

    private static final int REASON_BITS = 8;
    private static final int KIND_BITS = 8;

    private long[] delta = new long[16];
    /** Why, then the kind of the flags, then the instructions that were counted and not executed. */
    private int[] what = new int[16];

    private int count;

    Exits() {}

    private int add(long to, int instructions, int flags, byte why) {
        if (count == delta.length) {
            delta = Arrays.copyOf(delta, 2 * count);
            what = Arrays.copyOf(what, 2 * count);
        }
        delta[count] = to;
        what[count] = (instructions << KIND_BITS | flags) << REASON_BITS | why;
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
        int then = what[exit];
        byte reason = (byte) then;
        int kind = then >> REASON_BITS & (1 << KIND_BITS) - 1;
        c.retired += budget - (int) result - (then >> REASON_BITS + KIND_BITS);
        if (reason != COMPUTED) {
            c.rip = base + delta[exit];
        }
        FlagKind.settle(c, kind == FlagKind.DYNAMIC ? (int) (result >>> 32) & 0xff : kind);
        if (reason == FAULT) {
            throw c.fault;
        }
        return switch (reason) {
            case SIDE -> Next.INTERPRET;
            case BUDGET -> Next.RETURN;
            default -> Next.ANYTHING;
        };
    }
}
