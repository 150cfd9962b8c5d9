// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.domu.paging;

import io.splitvisor.domu.memory.GuestMemory;
import io.splitvisor.vcpu.mmu.GuestFault;
import io.splitvisor.vcpu.mmu.Mmu;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * A processor's access to memory through the kernel's mapping, by guest-physical addresses and frames; while a {@link Gather} is
 * open. That memory is all there, and the kernel's to touch: no access faults.
 */
final class KernelAccess {
    private final Mmu mmu;

    KernelAccess(Mmu mmu) {
        this.mmu = mmu;
    }

    long load(long physical) {
        return mmu.load64(KernelMap.linear(physical));
    }

    void store(long physical, long value) {
        mmu.store64(KernelMap.linear(physical), value);
    }

    boolean compareAndSet(long physical, long expected, long value) {
        return mmu.atomics().compareAndSet64(KernelMap.linear(physical), expected, value);
    }

    /** An entry as it stands where the self map shows it, by its linear address; 0 if there is no table. */
    long loadShown(long linear) {
        try {
            return mmu.load64(linear);
        } catch (GuestFault e) {
            return 0;
        }
    }

    /** Clears frames. */
    void zero(int frame, int count) {
        for (int i = 0; i < count; i++) {
            MemorySegment page = writable(frame + i);
            if (page != null) {
                page.fill((byte) 0);
                continue;
            }
            for (int at = 0; at < GuestMemory.PAGE_SIZE; at += Long.BYTES) {
                store(GuestMemory.address(frame + i) + at, 0);
            }
        }
    }

    /** Copies frames. */
    void copy(int from, int to, int count) {
        for (int i = 0; i < count; i++) {
            write(to + i, readable(from + i));
        }
    }

    /** Writes a frame. */
    void write(int frame, MemorySegment content) {
        MemorySegment page = writable(frame);
        if (page != null) {
            MemorySegment.copy(content, 0, page, 0, GuestMemory.PAGE_SIZE);
            return;
        }
        for (int at = 0; at < GuestMemory.PAGE_SIZE; at += Long.BYTES) {
            store(GuestMemory.address(frame) + at, content.get(ValueLayout.JAVA_LONG_UNALIGNED, at));
        }
    }

    /** A frame, to be read. */
    MemorySegment readable(int frame) {
        long linear = KernelMap.linear(GuestMemory.address(frame));
        mmu.probeLoad(linear, 1);
        return mmu.ram().asSlice(mmu.bulkLoad(linear), GuestMemory.PAGE_SIZE);
    }

    /** A frame, to be written as a whole; null if stores there have to be made one by one. */
    private MemorySegment writable(int frame) {
        long linear = KernelMap.linear(GuestMemory.address(frame));
        mmu.probeStore(linear, 1);
        long offset = mmu.bulkStore(linear);
        return offset < 0 ? null : mmu.ram().asSlice(offset, GuestMemory.PAGE_SIZE);
    }
}
