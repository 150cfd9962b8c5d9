// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.mmu;

/**
 * A processor whose monitor keeps shadows of 4-level tables, and of no others: without paging, and with tables of 32 bits or
 * PAE, the guest's own tables are walked, in its own memory; and where the monitor has found no memory, a device's address
 * is in them. A mapping of memory names a page of the machine.
 */
public final class ByFormat implements Paging {
    private static final int PAGE_SHIFT = 12;

    private final PageWalk own;
    private final GuestMemory physical;
    private final ShadowPaging levels4;
    private long root;
    private boolean monitored;

    /**
     * @param own walks the guest's own tables
     * @param physical the guest-physical memory in which they lie
     * @param levels4 walks the monitor's
     */
    public ByFormat(PageWalk own, GuestMemory physical, ShadowPaging levels4) {
        this.own = own;
        this.physical = physical;
        this.levels4 = levels4;
    }

    @Override
    public int translate(long linear, int access, int bank, Mapping out) {
        while (monitored) {
            int result = levels4.translate(linear, access, bank, out);
            if (result != ShadowPaging.NO_MEMORY) {
                return result;
            }
            result = translateOwn(linear, access, bank, out);
            if (result != MAPPED || !out.memory()) {
                return result;
            }
            // Meanwhile there is some; what may be done with it the monitor knows.
        }
        return translateOwn(linear, access, bank, out);
    }

    private int translateOwn(long linear, int access, int bank, Mapping out) {
        int result = own.translate(linear, access, bank, out);
        if (result == MAPPED) {
            long page = physical.page(out.gfn());
            if (page == GuestMemory.NO_PAGE) {
                out.noMemory();
            } else {
                out.set(page >>> PAGE_SHIFT, out.rights(), PAGE_SHIFT, out.global());
            }
        }
        return result;
    }

    @Override
    public void controls(PagingControls controls) {
        own.controls(controls);
        monitored = controls.format() == PagingControls.Format.LEVELS4;
        if (monitored) {
            levels4.controls(controls);
            levels4.root(root);
        }
    }

    @Override
    public PagingControls controls() {
        return own.controls();
    }

    @Override
    public void root(long cr3) {
        root = cr3;
        own.root(cr3);
        if (monitored) {
            levels4.root(cr3);
        }
    }

    @Override
    public boolean loadPdptes(long cr3) {
        return own.loadPdptes(cr3);
    }

    @Override
    public void invalidate(long linear) {
        if (monitored) {
            levels4.invalidate(linear);
        }
    }

    @Override
    public void invalidateAll() {
        if (monitored) {
            levels4.invalidateAll();
        }
    }

    @Override
    public int store(long linear, int size, long value, int bank) {
        return levels4.store(linear, size, value, bank);
    }

    @Override
    public int compareAndSet(long linear, long expected, long value, int bank) {
        return levels4.compareAndSet(linear, expected, value, bank);
    }

    @Override
    public long settle(Tlb tlb) {
        return levels4.settle(tlb);
    }

    @Override
    public long references() {
        return own.references() + levels4.references();
    }

    @Override
    public long walks() {
        return own.walks() + levels4.walks();
    }
}
