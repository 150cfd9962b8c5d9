// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu;

import io.splitvisor.vcpu.mmu.Mmu;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** A processor's memory by linear address, for debuggers. */
final class LinearMemory {
    private static final int PAGE = 4096;

    /** Told of bytes that were written. */
    @FunctionalInterface
    interface Written {
        void written(long offset, long size);
    }

    private final Mmu mmu;
    private final Written written;

    LinearMemory(Mmu mmu, Written written) {
        this.mmu = mmu;
        this.written = written;
    }

    int read(long linear, byte[] to) {
        int done = 0;
        while (done < to.length) {
            long offset = mmu.peekAddress(linear + done);
            if (offset < 0) {
                break;
            }
            int chunk = (int) Math.min(to.length - done, PAGE - (offset & PAGE - 1));
            MemorySegment.copy(mmu.ram(), ValueLayout.JAVA_BYTE, offset, to, done, chunk);
            done += chunk;
        }
        return done;
    }

    int write(long linear, byte[] from) {
        int done = 0;
        while (done < from.length) {
            long offset = mmu.peekAddress(linear + done);
            if (offset < 0) {
                break;
            }
            int chunk = (int) Math.min(from.length - done, PAGE - (offset & PAGE - 1));
            MemorySegment.copy(from, done, mmu.ram(), ValueLayout.JAVA_BYTE, offset, chunk);
            written.written(offset, chunk);
            done += chunk;
        }
        return done;
    }
}
