// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.hypercall;

import io.splitvisor.abi.XenErrno;
import io.splitvisor.abi.paging.PageTableEntry;
import io.splitvisor.abi.paging.PagingTrap;
import io.splitvisor.attach.DomainLayout;
import io.splitvisor.hypercall.HypercallOp;
import io.splitvisor.monitor.memory.GuestMemory;
import io.splitvisor.monitor.paging.DescriptorRules;
import io.splitvisor.monitor.paging.RegisteredPaging;
import java.lang.foreign.MemorySegment;
import java.util.OptionalLong;

/** {@code set_gdt}, {@code update_descriptor}, {@code MMUEXT_SET_LDT}, and what a processor asks when it loads a segment. */
final class DescriptorHandlers {
    /** Checking a page of descriptors costs about as much as so many simple calls. */
    private static final int PAGE_COST = 4;

    private DescriptorHandlers() {}

    /** What is done for a domain that registers its tables. */
    @FunctionalInterface
    private interface Operation {
        long serve(HypercallContext call, RegisteredPaging paging);
    }

    static void bind(HypercallTable table) {
        bind(table, HypercallOp.SET_GDT, DescriptorHandlers::setGdt);
        bind(
                table,
                HypercallOp.UPDATE_DESCRIPTOR,
                (call, paging) -> paging.updateDescriptor(call.word(0), call.word(1)));
        bind(table, HypercallOp.PAGING_DESCRIPTOR, DescriptorHandlers::load);
    }

    private static void bind(HypercallTable table, HypercallOp op, Operation operation) {
        table.bind(op, call -> {
            call.spend(PAGE_COST);
            return call.caller().paging() instanceof RegisteredPaging paging
                    ? operation.serve(call, paging)
                    : -XenErrno.EOPNOTSUPP;
        });
    }

    private static long setGdt(HypercallContext call, RegisteredPaging paging) {
        int entries = (int) call.word(1);
        if (Integer.compareUnsigned(entries, DescriptorRules.GDT_ENTRIES) > 0) {
            return -XenErrno.EINVAL;
        }
        long[] machines = new long[(entries + DescriptorRules.IN_PAGE - 1) / DescriptorRules.IN_PAGE];
        long bytes = (long) machines.length * Long.BYTES;
        if (!call.caller().memory().copyFrom(call.word(0), MemorySegment.ofArray(machines), bytes)) {
            return -XenErrno.EFAULT;
        }
        call.spend(PAGE_COST * machines.length);
        return paging.setGdt(call.vcpu(), machines, entries);
    }

    private static long load(HypercallContext call, RegisteredPaging paging) {
        GuestMemory memory = call.caller().memory();
        long address = call.word(2);
        if (!memory.isAccessible(address, Long.BYTES)) {
            return -XenErrno.EFAULT;
        }
        OptionalLong found = paging.descriptor(call.vcpu(), (int) call.word(1));
        if (found.isEmpty()) {
            return -XenErrno.EINVAL;
        }
        memory.copyTo(address, MemorySegment.ofArray(new long[] {found.getAsLong()}), Long.BYTES);
        return PagingTrap.MENDED;
    }

    /** {@code MMUEXT_SET_LDT}: none, with no entries; or page-aligned, canonical, and of at most 8192 (row M17). */
    static int setLdt(RegisteredPaging paging, int vcpu, long address, int entries) {
        long linear = entries == 0 ? 0 : address;
        boolean aligned = linear % DomainLayout.PAGE_SIZE == 0 && PageTableEntry.isCanonical(linear);
        if (Integer.compareUnsigned(entries, DescriptorRules.LDT_ENTRIES) > 0 || !aligned) {
            return -XenErrno.EINVAL;
        }
        paging.setLdt(vcpu, linear, entries);
        return 0;
    }
}
