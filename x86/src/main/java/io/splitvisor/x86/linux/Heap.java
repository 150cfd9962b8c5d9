// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.x86.linux;

import static io.splitvisor.x86.linux.ProgramLoader.pageUp;

import io.splitvisor.x86.memory.AddressSpace;

/** The part of memory that brk moves the end of, and where mappings start. */
final class Heap {
    private final long start;
    private final long mappings;
    private long end;

    /**
     * @param start where the heap starts
     * @param mappings below which address mappings go
     */
    Heap(long start, long mappings) {
        this.start = start;
        this.end = start;
        this.mappings = mappings;
    }

    Heap fork() {
        Heap copy = new Heap(start, mappings);
        copy.end = end;
        return copy;
    }

    long mappings() {
        return mappings;
    }

    /** brk: the end that the heap has afterwards, which is the old one if the new one is refused. */
    synchronized long moveEnd(AddressSpace space, long wanted) {
        if (wanted < start || wanted > space.limit()) {
            return end;
        }
        long from = pageUp(end);
        long to = pageUp(wanted);
        if (to > from) {
            if (!space.isFree(from, to - from)) {
                return end;
            }
            space.map(from, to - from, AddressSpace.READ | AddressSpace.WRITE);
        } else if (to < from) {
            space.unmap(to, from - to);
        }
        end = wanted;
        return end;
    }
}
