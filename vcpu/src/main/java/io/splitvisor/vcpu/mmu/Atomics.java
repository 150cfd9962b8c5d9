// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.mmu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.function.BooleanSupplier;

/** Accesses that are one for all processors. */
public final class Atomics {
    /** For atomic access to what holds an operand; RAM starts at a page. */
    private static final VarHandle WORD =
            ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle();

    private final Mmu mmu;
    private final MemorySegment ram;

    Atomics(Mmu mmu) {
        this.mmu = mmu;
        this.ram = mmu.ram();
    }

    /**
     * The second half of a locked instruction: stores if nobody else has stored since {@link Mmu#loadForStore}. It is
     * atomic whatever the alignment: a word of the host's that holds all bytes is swapped, or else nobody else runs.
     *
     * @param expected what was loaded
     * @return whether it stored
     */
    public boolean compareAndSet(long a, int size, long expected, long value) {
        if (!mmu.shared()) {
            mmu.store(a, size, value);
            return true;
        }
        long offset = mmu.bulkStore(a);
        if (offset >= 0 && (offset & 7) + size <= 8) {
            return swapWithin(offset, size, expected, value);
        }
        return exclusively(() -> {
            boolean same = mmu.load(a, size) == (expected & -1L >>> 64 - 8 * size);
            if (same) {
                mmu.store(a, size, value);
            }
            return same;
        });
    }

    /** Does something while no other processor runs. */
    public boolean exclusively(BooleanSupplier action) {
        return mmu.shared() ? mmu.place().exclusively(action) : action.getAsBoolean();
    }

    private boolean swapWithin(long offset, int size, long expected, long value) {
        long word = offset & -8;
        int shift = (int) (offset - word) * 8;
        long mask = -1L >>> 64 - 8 * size << shift;
        while (true) {
            long old = (long) WORD.getVolatile(ram, word);
            if ((old & mask) != (expected << shift & mask)) {
                return false;
            }
            if (WORD.compareAndSet(ram, word, old, (old & ~mask) | (value << shift & mask))) {
                return true;
            }
        }
    }

    /**
     * Compares eight bytes and sets them in one step. An address that leads to no memory compares as different.
     *
     * @param a a multiple of 8
     * @return whether they were as expected, and are set now
     */
    public boolean compareAndSet64(long a, long expected, long v) {
        if ((a & 7) != 0) {
            throw new IllegalArgumentException("address " + Long.toHexString(a) + " is no multiple of 8");
        }
        Misses misses = mmu.misses();
        long hit = mmu.bulkStore(a);
        long at = hit >= 0 ? hit : misses.resolve(a, Tlb.WRITE);
        if (at == Misses.EMULATED) {
            return misses.emulatedCompareAndSet(a, expected, v);
        }
        misses.announce(at, 8);
        return at != Misses.NO_MEMORY && WORD.compareAndSet(ram, at, expected, v);
    }
}
