// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.hypercall;

/**
 * Page tables in a batch: Xen's calls for registered ones, and the traps of an MMU ({@link
 * io.splitvisor.abi.paging.PagingTrap}). Each method adds a call and answers its index.
 */
public final class PagingCalls {
    private final HypercallBatch batch;

    PagingCalls(HypercallBatch batch) {
        this.batch = batch;
    }

    /**
     * {@code mmu_update}.
     *
     * @param requests guest-physical address of an array of {@link io.splitvisor.abi.MmuUpdateRequest}
     * @param count its elements
     * @param done guest-physical address of the 4 bytes that say how many were done, or 0
     * @param domid DOMID_SELF, or other domains as in xen.h
     */
    public int mmuUpdate(long requests, int count, long done, int domid) {
        return call(HypercallOp.MMU_UPDATE, requests, Integer.toUnsignedLong(count), done, domid);
    }

    /**
     * {@code update_va_mapping}.
     *
     * @param flags of {@link io.splitvisor.abi.UvmFlags}, or'ed with the address of a mask of vCPUs
     */
    public int updateVaMapping(long linear, long entry, long flags) {
        return call(HypercallOp.UPDATE_VA_MAPPING, linear, entry, flags, 0);
    }

    /** {@code update_va_mapping_otherdomain}: as above, for an entry that names pages of another domain. */
    public int updateVaMapping(long linear, long entry, long flags, int domid) {
        return call(HypercallOp.UPDATE_VA_MAPPING_OTHERDOMAIN, linear, entry, flags, domid);
    }

    /**
     * {@code mmuext_op}.
     *
     * @param requests guest-physical address of an array of {@link io.splitvisor.abi.MmuExtRequest}
     * @param count its elements
     * @param done guest-physical address of the 4 bytes that say how many were done, or 0
     * @param domid DOMID_SELF, or another domain's number
     */
    public int mmuExtOp(long requests, int count, long done, int domid) {
        return call(HypercallOp.MMUEXT_OP, requests, Integer.toUnsignedLong(count), done, domid);
    }

    /**
     * {@code set_gdt}.
     *
     * @param frames guest-physical address of the machine pages' numbers, 8 bytes each
     * @param entries at most 7168
     */
    public int setGdt(long frames, int entries) {
        return call(HypercallOp.SET_GDT, frames, Integer.toUnsignedLong(entries), 0, 0);
    }

    /** {@code update_descriptor} at a machine address. */
    public int updateDescriptor(long address, long descriptor) {
        return call(HypercallOp.UPDATE_DESCRIPTOR, address, descriptor, 0, 0);
    }

    /** {@code DESCRIPTOR}, to be stored at a guest-physical address. */
    public int descriptor(int selector, long address) {
        return batch.add(HypercallOp.PAGING_DESCRIPTOR, selector, address, 0);
    }

    /** {@code HVMOP_flush_tlbs}: all vCPUs', where the guest's tables are its own. */
    public int flushTlbs() {
        return batch.add(HypercallOp.HVMOP_FLUSH_TLBS, 0, 0, 0);
    }

    /** {@code FAULT}. */
    public int fault(long linear, int access) {
        return batch.add(HypercallOp.PAGING_FAULT, linear, access, 0);
    }

    /** {@code WRITE} of 1, 2, 4 or 8 bytes within a page. */
    public int write(long linear, int access, int bytes, long value) {
        HypercallOp op = HypercallOp.PAGING_WRITE;
        return batch.add(op.number(), op.command(), linear, access, bytes, value, 0);
    }

    /** {@code COMPARE_AND_SET} of 1, 2, 4 or 8 bytes, aligned. */
    public int compareAndSet(long linear, int access, int bytes, long expected, long value) {
        HypercallOp op = HypercallOp.PAGING_COMPARE_AND_SET;
        return batch.add(op.number(), op.command(), linear, access, bytes, expected, value);
    }

    /** {@code INVLPG}. */
    public int invlpg(long linear) {
        return batch.add(HypercallOp.PAGING_INVLPG, linear, 0, 0);
    }

    /** {@code LOAD_CR3}. */
    public int loadCr3(long cr3) {
        return batch.add(HypercallOp.PAGING_LOAD_CR3, cr3, 0, 0);
    }

    /** {@code CONTROL}. */
    public int control(long cr0, long cr4, long efer) {
        return batch.add(HypercallOp.PAGING_CONTROL, cr0, cr4, efer);
    }

    /** {@code EPT_VIOLATION}. */
    public int eptViolation(long guestPhysical, int access) {
        return batch.add(HypercallOp.PAGING_EPT_VIOLATION, guestPhysical, access, 0);
    }

    /** {@code EPT_MISCONFIGURATION}. */
    public int eptMisconfiguration(long guestPhysical) {
        return batch.add(HypercallOp.PAGING_EPT_MISCONFIGURATION, guestPhysical, 0, 0);
    }

    private int call(HypercallOp op, long first, long second, long third, long fourth) {
        return batch.add(op.number(), first, second, third, fourth, 0, 0);
    }
}
