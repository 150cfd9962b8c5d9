// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.domu.paging;

import io.splitvisor.abi.XenErrno;
import io.splitvisor.abi.paging.PagingTrap;
import io.splitvisor.hypercall.HypercallBatch;
import io.splitvisor.hypercall.HypercallWait;
import io.splitvisor.vcpu.mmu.PagingControls;
import io.splitvisor.vcpu.mmu.PagingTraps;
import io.splitvisor.vcpu.mmu.Tlb;

/** A vCPU's MMU traps by hypercalls in the vCPU's ring, one at a time. */
final class HypercallTraps implements PagingTraps {
    private final HypercallBatch batch;
    private final HypercallWait wait;

    /** @param batch of one call, which is this object's alone */
    HypercallTraps(HypercallBatch batch, HypercallWait wait) {
        this.batch = batch;
        this.wait = wait;
    }

    private static int access(int access, int bank) {
        int bits =
                switch (access) {
                    case Tlb.WRITE -> PagingTrap.WRITE_ACCESS;
                    case Tlb.EXECUTE -> PagingTrap.FETCH;
                    default -> 0;
                };
        return switch (bank) {
            case Tlb.USER -> bits | PagingTrap.USER;
            case Tlb.SUPERVISOR_AC -> bits | PagingTrap.AC;
            default -> bits;
        };
    }

    private long run() {
        batch.run(wait);
        long result = batch.result(0);
        batch.clear();
        return result;
    }

    /** As {@link #run}, for what has to succeed. */
    private long must(String what) {
        return checked(what, run());
    }

    private static long checked(String what, long result) {
        if (result < 0) {
            throw new IllegalStateException(what + ": " + XenErrno.nameOf(result));
        }
        return result;
    }

    private static int answer(long result) {
        if (PagingTrap.isPageFault(result)) {
            return PagingTrap.errorCode(result);
        }
        if (result == PagingTrap.EMULATE) {
            return EMULATE;
        }
        return result == PagingTrap.DIFFERENT ? DIFFERENT : MENDED;
    }

    @Override
    public int fault(long linear, int access, int bank) {
        batch.paging().fault(linear, access(access, bank));
        long result = run();
        return result == -XenErrno.EFAULT ? NOTHING : answer(checked("fault", result));
    }

    @Override
    public int write(long linear, int size, long value, int bank) {
        batch.paging().write(linear, access(Tlb.WRITE, bank), size, value);
        return answer(must("write"));
    }

    @Override
    public int compareAndSet(long linear, long expected, long value, int bank) {
        batch.paging().compareAndSet(linear, access(Tlb.WRITE, bank), Long.BYTES, expected, value);
        return answer(must("compare and set"));
    }

    @Override
    public void invalidate(long linear) {
        batch.paging().invlpg(linear);
        must("invlpg");
    }

    @Override
    public void loadRoot(long cr3) {
        batch.paging().loadCr3(cr3);
        must("load of CR3");
    }

    @Override
    public void controls(PagingControls controls) {
        batch.paging().control(controls.cr0(), controls.cr4(), controls.efer());
        must("control registers");
    }

    @Override
    public int eptViolation(long gpa, int access) {
        batch.paging().eptViolation(gpa, access(access, Tlb.SUPERVISOR));
        long result = run();
        return result == -XenErrno.EFAULT ? NOTHING : answer(checked("EPT violation", result));
    }

    @Override
    public void eptMisconfiguration(long gpa) {
        batch.paging().eptMisconfiguration(gpa);
        must("EPT misconfiguration");
    }
}
