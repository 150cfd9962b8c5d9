// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.domu.paging;

import io.splitvisor.abi.paging.MmuFigures;
import io.splitvisor.abi.paging.MonitorHeader;
import io.splitvisor.hypercall.HypercallBatch;
import io.splitvisor.hypercall.HypercallWait;
import io.splitvisor.vcpu.mmu.ByFormat;
import io.splitvisor.vcpu.mmu.EptMemory;
import io.splitvisor.vcpu.mmu.GuestMemory;
import io.splitvisor.vcpu.mmu.PageWalk;
import io.splitvisor.vcpu.mmu.Paging;
import io.splitvisor.vcpu.mmu.RegisteredPaging;
import io.splitvisor.vcpu.mmu.ShadowPaging;
import io.splitvisor.vcpu.mmu.Tlb;
import java.lang.foreign.MemorySegment;

/**
 * A vCPU's memory in its domain's paging mode: what an MMU is made of, be it memory management's or that of an x86 processor
 * ({@code io.splitvisor.vcpu.Vcpu}). Its traps go through the vCPU's hypercall ring.
 *
 * @param memory the memory of whose pages {@code paging} speaks
 * @param paging how misses of the TLB are translated; one MMU's alone
 */
public record VirtualMemory(GuestMemory memory, Paging paging) {
    /**
     * The memory of a vCPU.
     *
     * @param ram the domain's
     * @param monitor the monitor memfd, whose header names the mode
     * @param batch of one call, in the vCPU's ring, which is this object's alone
     * @param waiting how the vCPU waits for traps
     */
    public static VirtualMemory of(
            io.splitvisor.domu.memory.GuestMemory ram,
            MemorySegment monitor,
            int vcpu,
            HypercallBatch batch,
            HypercallWait waiting) {
        MemorySegment control = ram.page(ram.layout().vcpuControl(vcpu));
        MonitorView view = new MonitorView(monitor, control, vcpu);
        GuestMemory machine = new Settled(GuestMemory.flat(ram.segment()), view);
        HypercallTraps traps = new HypercallTraps(batch, waiting);
        return switch (MonitorHeader.mode(monitor)) {
            case NONE -> new VirtualMemory(machine, new PageWalk(machine));
            case SHADOW -> {
                GuestMemory physical = new Physical(machine, new Machine(monitor));
                ShadowPaging shadow = new ShadowPaging(view, traps);
                yield new VirtualMemory(machine, new ByFormat(new PageWalk(physical), physical, shadow));
            }
            case REGISTERED -> new VirtualMemory(machine, new RegisteredPaging(view, ram.segment()));
            case EPT -> {
                GuestMemory extended = new EptMemory(ram.segment(), view, traps);
                // The monitor need not know where the guest's tables are; who looks from outside wants to.
                PageWalk walk = new PageWalk(extended, root -> MmuFigures.setRelease(control, MmuFigures.CR3, root));
                yield new VirtualMemory(extended, walk);
            }
        };
    }

    /** The machine's pages, with flushes that the monitor asks for. */
    private record Settled(GuestMemory flat, MonitorView view) implements GuestMemory {
        @Override
        public MemorySegment ram() {
            return flat.ram();
        }

        @Override
        public long page(long gfn) {
            return flat.page(gfn);
        }

        @Override
        public int shift() {
            return flat.shift();
        }

        @Override
        public long settle(Tlb tlb) {
            return view.settle(tlb);
        }
    }

    /** Guest-physical pages, by the map that the monitor publishes. */
    private record Physical(GuestMemory machine, Machine map) implements GuestMemory {
        @Override
        public MemorySegment ram() {
            return machine.ram();
        }

        @Override
        public long page(long gfn) {
            long page = map.page(gfn);
            return page < 0 ? NO_PAGE : machine.page(page);
        }

        @Override
        public long settle(Tlb tlb) {
            return machine.settle(tlb);
        }
    }
}
