// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.memory;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.function.IntUnaryOperator;

/**
 * A table of ints that costs memory only where it was written; elsewhere a function tells the value. Reads take no lock;
 * {@link #set} and the first write to a part of the table do.
 */
final class SparseInts {
    /** Entries that are made together: four kilobytes. */
    static final int CHUNK = 1 << 10;

    private static final VarHandle ENTRY = MethodHandles.arrayElementVarHandle(int[].class);
    private static final VarHandle PART = MethodHandles.arrayElementVarHandle(int[][].class);

    private final IntUnaryOperator initial;
    private volatile int[][] parts = {};

    SparseInts(IntUnaryOperator initial) {
        this.initial = initial;
    }

    private int[] part(int index) {
        int[][] now = parts;
        int number = index / CHUNK;
        return number < now.length ? (int[]) PART.getAcquire(now, number) : null;
    }

    /** The entry of an index from 0. */
    int get(int index) {
        int[] part = part(index);
        return part == null ? initial.applyAsInt(index) : (int) ENTRY.getAcquire(part, index % CHUNK);
    }

    void set(int index, int value) {
        ENTRY.setRelease(written(index), index % CHUNK, value);
    }

    /** Compares and sets; whether it was as expected. */
    boolean replace(int index, int expected, int value) {
        int[] part = part(index);
        return ENTRY.compareAndSet(part == null ? written(index) : part, index % CHUNK, expected, value);
    }

    /** Whether writing this entry makes a new part. */
    boolean isUntouched(int index) {
        return part(index) == null;
    }

    private synchronized int[] written(int index) {
        int number = index / CHUNK;
        if (number >= parts.length) {
            parts = Arrays.copyOf(parts, Math.max(number + 1, parts.length * 2));
        }
        int[] part = parts[number];
        if (part == null) {
            part = new int[CHUNK];
            Arrays.setAll(part, i -> initial.applyAsInt(number * CHUNK + i));
            PART.setRelease(parts, number, part);
        }
        return part;
    }
}
