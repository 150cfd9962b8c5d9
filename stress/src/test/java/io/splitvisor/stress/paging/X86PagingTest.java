// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.stress.paging;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.abi.DomId;
import io.splitvisor.abi.MmuExtOp;
import io.splitvisor.abi.MmuExtRequest;
import io.splitvisor.abi.MmuUpdateRequest;
import io.splitvisor.abi.paging.PagingCounter;
import io.splitvisor.abi.paging.PagingMode;
import io.splitvisor.domu.memory.GuestMemory;
import io.splitvisor.domu.paging.VirtualMemory;
import io.splitvisor.hypercall.HypercallBatch;
import io.splitvisor.hypercall.HypercallWait;
import io.splitvisor.vcpu.Clock;
import io.splitvisor.vcpu.Cpuid;
import io.splitvisor.vcpu.Exit;
import io.splitvisor.vcpu.Interrupts;
import io.splitvisor.vcpu.Registers;
import io.splitvisor.vcpu.Tiers;
import io.splitvisor.vcpu.Vcpu;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** An x86 processor runs the same kernel in each paging mode, with the same result. */
class X86PagingTest {
    private static final int TURNS = 5000;

    /** What it comes to without any virtualization, on the interpreter. */
    private static final long EXPECTED = run(PagingMode.NONE, false, Tiers.INTERPRETER, false);

    @ParameterizedTest
    @CsvSource({
        "NONE, true, false", "SHADOW, false, false", "SHADOW, true, false", "SHADOW, true, true",
        "REGISTERED, false, false", "REGISTERED, true, false", "EPT, false, false", "EPT, true, false"
    })
    void shouldRunAKernelWithTheSameResult(PagingMode mode, boolean translated, boolean trapEveryWrite) {
        Tiers tiers = translated ? Tiers.atOnce(100) : Tiers.INTERPRETER;
        assertThat(run(mode, mode == PagingMode.REGISTERED, tiers, trapEveryWrite))
                .isEqualTo(EXPECTED);
    }

    private static long run(PagingMode mode, boolean asks, Tiers tiers, boolean trapEveryWrite) {
        try (PagedGuest guest = new PagedGuest(mode, 1, 1, PagedGuest.options(64), trapEveryWrite)) {
            int block = guest.memory.allocate(2 * X86Kernel.PAGES);
            int first = (block + X86Kernel.PAGES - 1) / X86Kernel.PAGES * X86Kernel.PAGES;
            X86Kernel kernel = new X86Kernel(guest.memory.segment(), first, asks);
            HypercallBatch batch = guest.newBatch(1);
            long argument = GuestMemory.address(guest.memory.allocate(1));
            VirtualMemory memory = guest.virtualMemory();
            if (asks) {
                load(guest, batch, argument, kernel.root());
            }
            try (Vcpu vcpu = new Vcpu(
                    memory.memory(), memory.paging(), Cpuid.baseline(), Interrupts.NEVER, Clock.INSTRUCTIONS, tiers)) {
                kernel.start(vcpu.registers(), TURNS);
                Exit exit = vcpu.run(1000);
                while (!(exit instanceof Exit.Halt)) {
                    switch (exit) {
                        case Exit.Budget() -> {}
                        case Exit.Hypercall() -> update(guest, batch, argument, vcpu.registers());
                        default -> throw new AssertionError(exit);
                    }
                    exit = vcpu.run(1000);
                }
                if (mode == PagingMode.SHADOW) {
                    assertThat(guest.counter(PagingCounter.FAULTS)).isPositive();
                } else if (mode == PagingMode.EPT) {
                    assertThat(guest.counter(PagingCounter.EPT_VIOLATIONS)).isPositive();
                }
                return X86Kernel.sum(vcpu.registers());
            }
        }
    }

    private static void load(PagedGuest guest, HypercallBatch batch, long argument, int root) {
        MmuExtRequest.cmd(guest.memory.segment(), argument, MmuExtOp.NEW_BASEPTR);
        MmuExtRequest.arg1Mfn(guest.memory.segment(), argument, root);
        batch.paging().mmuExtOp(argument, 1, 0, DomId.SELF);
        finish(batch);
    }

    private static void update(PagedGuest guest, HypercallBatch batch, long argument, Registers r) {
        long entry = r.general(X86Kernel.TABLE) + 8 * r.general(X86Kernel.INDEX);
        MmuUpdateRequest.ptr(guest.memory.segment(), argument, entry);
        MmuUpdateRequest.val(guest.memory.segment(), argument, r.general(X86Kernel.VALUE));
        batch.paging().mmuUpdate(argument, 1, 0, DomId.SELF);
        finish(batch);
    }

    private static void finish(HypercallBatch batch) {
        batch.run(HypercallWait.SLEEP);
        assertThat(batch.result(0)).isZero();
        batch.clear();
    }
}
