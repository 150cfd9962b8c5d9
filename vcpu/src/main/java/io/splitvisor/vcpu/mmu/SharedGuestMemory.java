// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.mmu;

import java.lang.foreign.MemorySegment;

/** Memory that several processors share. */
record SharedGuestMemory(GuestMemory memory, Processors processors) implements GuestMemory {
    SharedGuestMemory(GuestMemory memory) {
        this(memory, new Processors(memory.ram().byteSize()));
    }

    @Override
    public MemorySegment ram() {
        return memory.ram();
    }

    @Override
    public long page(long gfn) {
        return memory.page(gfn);
    }

    @Override
    public boolean writesTrap(long gfn) {
        return memory.writesTrap(gfn);
    }
}
