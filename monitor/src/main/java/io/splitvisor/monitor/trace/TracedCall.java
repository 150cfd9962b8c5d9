// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.trace;

import io.splitvisor.hypercall.HypercallOp;

/**
 * A hypercall as the trace knows it, packed into one word: 32 bits of argument, 16 of error, 8 for the operation, and 8 for how often
 * it was made again at once.
 */
public final class TracedCall {
    /** Stands for the operation of a call that is none. */
    public static final int UNKNOWN = HypercallOp.values().length;

    /** A turn is told of by so many different calls at a time; a longer one by several. */
    public static final int MOST_A_TURN = 32;

    /** A packed call is repeated so often at most. */
    public static final int MOST_AGAIN = 255;

    private static final long MAX_ERROR = 4095;
    private static final int ERROR_SHIFT = 32;
    private static final int OPERATION_SHIFT = 48;
    private static final int AGAIN_SHIFT = 56;
    private static final long ONCE = (1L << AGAIN_SHIFT) - 1;

    private TracedCall() {}

    /**
     * Packs a call.
     *
     * @param operation ordinal of a {@link HypercallOp}, or {@link #UNKNOWN}
     * @param result what it answered; only errors are kept
     * @param argument the first four bytes of its structure; the hypercall's number if it is unknown
     */
    public static long pack(int operation, long result, int argument) {
        long error = result < 0 && result >= -MAX_ERROR ? -result : 0;
        return (long) operation << OPERATION_SHIFT | error << ERROR_SHIFT | Integer.toUnsignedLong(argument);
    }

    /** The operation's ordinal, or {@link #UNKNOWN}. */
    public static int operation(long call) {
        return (int) (call >>> OPERATION_SHIFT) & 0xff;
    }

    /** The Xen errno of a call that failed; 0 for others. */
    public static int error(long call) {
        return (int) (call >>> ERROR_SHIFT) & 0xffff;
    }

    /**
     * The same call, made again at once.
     *
     * @param call packed as made once
     * @param times how often again, up to {@link #MOST_AGAIN}
     */
    public static long again(long call, int times) {
        return call | (long) times << AGAIN_SHIFT;
    }

    /** The same call, made once. */
    public static long once(long call) {
        return call & ONCE;
    }

    /** How often it was made in a row, from 1. */
    public static int times(long call) {
        return (int) (call >>> AGAIN_SHIFT) + 1;
    }

    /** The first four bytes of its structure; the hypercall's number if it is unknown. */
    public static int argument(long call) {
        return (int) call;
    }
}
