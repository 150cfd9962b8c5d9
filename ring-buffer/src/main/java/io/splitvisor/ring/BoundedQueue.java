// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.ring;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * A bounded lock-free queue for any number of producers and consumers, after Dmitry Vyukov's bounded MPMC queue: every
 * cell carries a sequence number that says whose turn it is.
 *
 * <p>A producer stores its element, then releases the cell's sequence; the consumer's acquire of that sequence pairs with
 * it. The same holds the other way round for an emptied cell.
 *
 * @param <T> the elements
 */
public final class BoundedQueue<T> {
    private static final VarHandle CELL = MethodHandles.arrayElementVarHandle(Object[].class);
    private static final VarHandle SEQUENCE = MethodHandles.arrayElementVarHandle(long[].class);
    private static final VarHandle TAIL;
    private static final VarHandle HEAD;

    static {
        try {
            MethodHandles.Lookup lookup = MethodHandles.lookup();
            TAIL = lookup.findVarHandle(BoundedQueue.class, "tail", long.class);
            HEAD = lookup.findVarHandle(BoundedQueue.class, "head", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final Object[] cells;
    private final long[] sequences;
    private final int mask;
    private volatile long tail;
    private volatile long head;

    /** @param capacity rounded up to a power of two */
    public BoundedQueue(int capacity) {
        int size = Integer.highestOneBit(Math.max(2, capacity * 2 - 1));
        this.cells = new Object[size];
        this.sequences = new long[size];
        this.mask = size - 1;
        for (int i = 0; i < size; i++) {
            sequences[i] = i;
        }
        VarHandle.releaseFence();
    }

    /** Adds an element; false if the queue is full. */
    public boolean offer(T element) {
        while (true) {
            long position = tail;
            long turn = (long) SEQUENCE.getAcquire(sequences, (int) position & mask) - position;
            if (turn == 0) {
                if (TAIL.compareAndSet(this, position, position + 1)) {
                    CELL.set(cells, (int) position & mask, element);
                    SEQUENCE.setRelease(sequences, (int) position & mask, position + 1);
                    return true;
                }
            } else if (turn < 0) {
                return false;
            }
            Thread.onSpinWait();
        }
    }

    /** Takes the oldest element; null if there is none. */
    @SuppressWarnings("unchecked") // offer() puts in nothing but T
    public T poll() {
        while (true) {
            long position = head;
            long turn = (long) SEQUENCE.getAcquire(sequences, (int) position & mask) - (position + 1);
            if (turn == 0) {
                if (HEAD.compareAndSet(this, position, position + 1)) {
                    T element = (T) CELL.get(cells, (int) position & mask);
                    CELL.set(cells, (int) position & mask, null);
                    SEQUENCE.setRelease(sequences, (int) position & mask, position + mask + 1);
                    return element;
                }
            } else if (turn < 0) {
                return null;
            }
            Thread.onSpinWait();
        }
    }

    /** Whether there is nothing to take at the moment. */
    public boolean isEmpty() {
        long position = head;
        return (long) SEQUENCE.getAcquire(sequences, (int) position & mask) - (position + 1) < 0;
    }
}
