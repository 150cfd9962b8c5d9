// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.domu.paging;

import io.splitvisor.abi.paging.MonitorHeader;
import io.splitvisor.vcpu.mmu.EptMemory;
import io.splitvisor.vcpu.mmu.GuestMemory;
import io.splitvisor.vcpu.mmu.Mmu;
import io.splitvisor.vcpu.mmu.MmuEvents;
import io.splitvisor.vcpu.mmu.PageWalk;
import io.splitvisor.vcpu.mmu.Paging;
import io.splitvisor.vcpu.mmu.PagingControls;
import io.splitvisor.vcpu.mmu.RegisteredPaging;
import io.splitvisor.vcpu.mmu.ShadowPaging;
import java.lang.foreign.MemorySegment;

/** The MMU of a vCPU in its domain's mode. */
final class ModeMmu {
    /** What a processor starts with: long mode, WP, PGE, NXE. */
    static final PagingControls CONTROLS =
            new PagingControls(PagingControls.Format.LEVELS4, true, false, true, true, false, false);

    /** Width of physical addresses. */
    private static final int PHYSICAL_BITS = 46;

    private ModeMmu() {}

    static Mmu create(AddressSpaces spaces, int vcpu) {
        MemorySegment ram = spaces.memory().segment();
        MonitorView view = new MonitorView(spaces.monitor(), control(spaces, vcpu), vcpu);
        GuestMemory flat = GuestMemory.flat(ram);
        Mmu mmu =
                switch (MonitorHeader.mode(spaces.monitor())) {
                    case NONE -> over(flat, new PageWalk(flat, PHYSICAL_BITS));
                    case SHADOW -> over(flat, new ShadowPaging(view, traps(spaces, vcpu), PHYSICAL_BITS));
                    case REGISTERED -> over(flat, new RegisteredPaging(view, ram, PHYSICAL_BITS));
                    case EPT -> {
                        EptMemory extended = new EptMemory(ram, view, traps(spaces, vcpu), PHYSICAL_BITS);
                        yield over(extended, new PageWalk(extended, PHYSICAL_BITS));
                    }
                };
        mmu.checkCanonical(true);
        return mmu;
    }

    private static Mmu over(GuestMemory memory, Paging paging) {
        return new Mmu(memory, paging, MmuEvents.NONE);
    }

    private static HypercallTraps traps(AddressSpaces spaces, int vcpu) {
        return new HypercallTraps(spaces.newBatch(vcpu, 1), spaces.options().waiting());
    }

    /** The vCPU's control page. */
    static MemorySegment control(AddressSpaces spaces, int vcpu) {
        return spaces.memory().page(spaces.memory().layout().vcpuControl(vcpu));
    }
}
