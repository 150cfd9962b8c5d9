// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.trace;

import io.splitvisor.hypercall.HypercallOp;
import io.splitvisor.monitor.trace.TracedCall;

/**
 * Calls as bytes, eight in a word: one byte for a call that succeeded, was made once, and has the same first word of its structure
 * as the last time; eight for any other. Whoever packs and whoever unpacks has one of its own, and both see the same calls.
 */
final class CallWords {
    /** Words for so many calls, at most. */
    static final int MOST = TracedCall.MOST_A_TURN;

    private static final int WHOLE = 1 << 7;
    private static final int OPERATION = WHOLE - 1;
    private static final int WHOLE_BITS = Long.SIZE - Byte.SIZE;

    private final int[] arguments = new int[HypercallOp.values().length + 1];
    private long word;
    private int bits;
    private int position;

    /**
     * Packs calls, as {@link TracedCall} has them.
     *
     * @return how many words they take
     */
    int pack(long[] calls, int count, long[] to) {
        word = 0;
        bits = 0;
        position = 0;
        for (int i = 0; i < count; i++) {
            long call = calls[i];
            int operation = TracedCall.operation(call);
            int argument = TracedCall.argument(call);
            if (call == TracedCall.pack(operation, 0, argument) && argument == arguments[operation]) {
                put(operation, Byte.SIZE, to);
            } else {
                arguments[operation] = argument;
                put(WHOLE | operation, Byte.SIZE, to);
                // The operation is in the middle of a packed call: error and repetitions move down over it.
                put(
                        Integer.toUnsignedLong(argument)
                                | (long) TracedCall.error(call) << Integer.SIZE
                                | (long) TracedCall.times(call) - 1 << Integer.SIZE + Short.SIZE,
                        WHOLE_BITS,
                        to);
            }
        }
        if (bits > 0) {
            to[position++] = word;
        }
        return position;
    }

    private void put(long value, int width, long[] to) {
        word |= value << bits;
        bits += width;
        if (bits >= Long.SIZE) {
            to[position++] = word;
            bits -= Long.SIZE;
            word = bits == 0 ? 0 : value >>> width - bits;
        }
    }

    /**
     * Unpacks so many calls.
     *
     * @return how many words they took
     */
    int unpack(long[] from, int count, long[] calls) {
        bits = 0;
        for (int i = 0; i < count; i++) {
            int first = (int) get(Byte.SIZE, from);
            int operation = first & OPERATION;
            if ((first & WHOLE) == 0) {
                calls[i] = TracedCall.pack(operation, 0, arguments[operation]);
            } else {
                long rest = get(WHOLE_BITS, from);
                arguments[operation] = (int) rest;
                long error = rest >>> Integer.SIZE & 0xffff;
                int again = (int) (rest >>> Integer.SIZE + Short.SIZE);
                calls[i] = TracedCall.again(TracedCall.pack(operation, -error, (int) rest), again);
            }
        }
        return (bits + Long.SIZE - 1) / Long.SIZE;
    }

    private long get(int width, long[] from) {
        int at = bits / Long.SIZE;
        int shift = bits % Long.SIZE;
        bits += width;
        long value = from[at] >>> shift;
        if (shift + width > Long.SIZE) {
            value |= from[at + 1] << Long.SIZE - shift;
        }
        return value & (1L << width) - 1;
    }
}
