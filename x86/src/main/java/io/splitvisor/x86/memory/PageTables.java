// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.x86.memory;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Four-level page tables behind a program's memory. The lowest level is one long table, for the tables of all 2 MiB
 * follow one another; linear addresses are physical ones.
 *
 * <pre>
 *   0                 program's pages (user)
 *   limit             kernel's pages (supervisor), 2 MiB
 *   limit + 2 MiB     top level, third, second levels, then the lowest
 * </pre>
 */
final class PageTables {
    /** Bytes of the kernel's pages. */
    static final long KERNEL_BYTES = 2 << 20;

    private static final long PRESENT = 1;
    private static final long WRITABLE = 2;
    private static final long USER = 4;
    /** Accessed and dirty, so that the processor need not set them. */
    private static final long TOUCHED = 0x60;

    private static final long NO_EXECUTE = 1L << 63;
    private static final long LARGEST = 1L << 39;
    private static final long PAGE = AddressSpace.PAGE;

    private final MemorySegment ram;
    private final long root;
    private final long lowest;

    PageTables(MemorySegment ram, long limit) {
        if (limit <= 0 || limit % KERNEL_BYTES != 0 || limit > LARGEST - KERNEL_BYTES) {
            throw new IllegalArgumentException("a program's memory is a multiple of 2 MiB below 512 GiB");
        }
        this.ram = ram;
        long mapped = limit + KERNEL_BYTES;
        this.root = mapped;
        long third = root + PAGE;
        long second = third + PAGE;
        this.lowest = second + seconds(mapped) * PAGE;
        entry(root, third | PRESENT | WRITABLE | USER);
        for (long n = 0; n < seconds(mapped); n++) {
            entry(third + 8 * n, second + n * PAGE | PRESENT | WRITABLE | USER);
        }
        for (long n = 0; n < mapped >>> 21; n++) {
            entry(second + 8 * n, lowest + n * PAGE | PRESENT | WRITABLE | USER);
        }
        for (long at = limit; at < mapped; at += PAGE) {
            entry(lowest + (at >>> 9), at | PRESENT | WRITABLE | TOUCHED);
        }
    }

    /** Bytes of all tables of a program with so much memory. */
    static long bytes(long limit) {
        long mapped = limit + KERNEL_BYTES;
        return (2 + seconds(mapped) + (mapped >>> 21)) * PAGE;
    }

    private static long seconds(long mapped) {
        return mapped + (1L << 30) - 1 >>> 30;
    }

    long root() {
        return root;
    }

    void set(long start, long end, int rights) {
        for (long at = start; at < end; at += PAGE) {
            entry(lowest + (at >>> 9), rights == 0 ? 0 : at | bits(rights));
        }
    }

    boolean allows(long linear, int right) {
        long entry = ram.get(ValueLayout.JAVA_LONG, lowest + (linear >>> 12 << 3));
        return (entry & PRESENT) != 0 && (right != AddressSpace.WRITE || (entry & WRITABLE) != 0);
    }

    private static long bits(int rights) {
        return PRESENT
                | USER
                | TOUCHED
                | ((rights & AddressSpace.WRITE) != 0 ? WRITABLE : 0)
                | ((rights & AddressSpace.EXECUTE) != 0 ? 0 : NO_EXECUTE);
    }

    private void entry(long at, long value) {
        ram.set(ValueLayout.JAVA_LONG, at, value);
    }
}
