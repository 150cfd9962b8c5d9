// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.mmu;

/** Who may do what to a page, by the rights in its entries and the control registers. Intel SDM volume 3, 5.6 and 5.7. */
final class AccessRules {
    static final int ALL_RIGHTS = 1 << Tlb.READ | 1 << Tlb.WRITE | 1 << Tlb.EXECUTE;

    private final PagingControls controls;

    AccessRules(PagingControls controls) {
        this.controls = controls;
    }

    PagingControls controls() {
        return controls;
    }

    /**
     * What a bank may do to a page.
     *
     * @param rights the AND of the entries' low bits
     * @param noExecute whether any of them forbids execution
     */
    int granted(int rights, boolean noExecute, int bank) {
        boolean userPage = (rights & LongWalk.US) != 0;
        int granted = noExecute ? 0 : 1 << Tlb.EXECUTE;
        if (bank == Tlb.USER) {
            if (!userPage) {
                return 0;
            }
            return granted | 1 << Tlb.READ | ((rights & LongWalk.RW) != 0 ? 1 << Tlb.WRITE : 0);
        }
        if (userPage && controls.smep()) {
            granted = 0;
        }
        if (userPage && controls.smap() && bank != Tlb.SUPERVISOR_AC) {
            return granted;
        }
        boolean write = (rights & LongWalk.RW) != 0 || !controls.writeProtect();
        return granted | 1 << Tlb.READ | (write ? 1 << Tlb.WRITE : 0);
    }

    /** The error code of a fault for a cause: 0, {@link Paging#PRESENT}, or that with {@link Paging#RESERVED}. */
    int error(int access, int bank, int cause) {
        int error = cause | (bank == Tlb.USER ? Paging.USER : 0);
        if (access == Tlb.WRITE) {
            return error | Paging.WRITE;
        }
        boolean fetchShown =
                (controls.noExecute() && controls.format() != PagingControls.Format.BITS32) || controls.smep();
        return access == Tlb.EXECUTE && fetchShown ? error | Paging.FETCH : error;
    }

    /** Bits that must be zero in a 64-bit entry, beside those above the physical width. */
    long reserved64(int level, boolean leaf) {
        long bits = controls.noExecute() ? 0 : LongWalk.NX;
        if (controls.format() == PagingControls.Format.PAE) {
            bits |= 0x7ff0_0000_0000_0000L;
        }
        if (level == 4) {
            bits |= LongWalk.PS;
        } else if (leaf && level > 1) {
            bits |= (1L << (12 + 9 * (level - 1))) - (1L << 13);
        }
        return bits;
    }
}
