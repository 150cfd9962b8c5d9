// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.domu.paging;

import io.splitvisor.vcpu.mmu.Mmu;
import io.splitvisor.vcpu.mmu.MmuEvents;
import io.splitvisor.vcpu.mmu.PagingControls;
import java.lang.foreign.MemorySegment;

/** The MMU of a processor of memory management, in its domain's mode. */
final class ModeMmu {
    /** What a processor starts with: long mode, WP, PGE, NXE. */
    static final PagingControls CONTROLS =
            new PagingControls(PagingControls.Format.LEVELS4, true, false, true, true, false, false);

    private ModeMmu() {}

    static Mmu create(AddressSpaces spaces, int vcpu) {
        VirtualMemory memory = VirtualMemory.of(
                spaces.memory(),
                spaces.monitor(),
                vcpu,
                spaces.newBatch(vcpu, 1),
                spaces.options().waiting());
        Mmu mmu = new Mmu(memory.memory(), memory.paging(), MmuEvents.NONE);
        mmu.checkCanonical(true);
        return mmu;
    }

    /** The vCPU's control page. */
    static MemorySegment control(AddressSpaces spaces, int vcpu) {
        return spaces.memory().page(spaces.memory().layout().vcpuControl(vcpu));
    }
}
