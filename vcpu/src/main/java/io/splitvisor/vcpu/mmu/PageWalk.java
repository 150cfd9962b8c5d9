// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.mmu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.function.LongConsumer;

/**
 * Walks the guest's own x86 page tables: none, 32-bit (with PSE), PAE, and 4-level. Intel SDM volume 3, chapter 5.
 *
 * <p>Tables that lie outside memory read as all ones, so that they fault for their reserved bits.
 */
public final class PageWalk extends LongWalk {
    private static final VarHandle LONG =
            ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle();
    private static final VarHandle INT =
            ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle();

    private static final int ALL_RIGHTS = AccessRules.ALL_RIGHTS;
    /** PAE's registers hold entries of level 3. */
    private static final int PAE_LEVEL = 2;

    private final GuestMemory memory;
    private final MemorySegment ram;
    /** Where the entries of the present walk lie, by level. */
    private final long[] addresses = new long[4];

    private final long[] pdptes = new long[4];
    private final LongConsumer told;
    private long root;

    /** @param memory where the tables lie */
    public PageWalk(GuestMemory memory) {
        this(memory, _ -> {});
    }

    /**
     * As above, for a monitor that wants to follow.
     *
     * @param told hears where the top table is whenever another one is in force; 0 while there are not four levels
     */
    public PageWalk(GuestMemory memory, LongConsumer told) {
        super(true);
        this.memory = memory;
        this.ram = memory.ram();
        this.told = told;
    }

    @Override
    public void root(long cr3) {
        this.root = cr3;
        tellRoot();
    }

    @Override
    public void controls(PagingControls controls) {
        super.controls(controls);
        tellRoot();
    }

    private void tellRoot() {
        told.accept(controls().format() == PagingControls.Format.LEVELS4 ? root & ADDRESS : 0);
    }

    @Override
    public boolean loadPdptes(long cr3) {
        long[] loaded = new long[4];
        for (int i = 0; i < 4; i++) {
            loaded[i] = read((cr3 & 0xffff_ffe0L) + 8L * i, 1);
            if ((loaded[i] & P) != 0 && (loaded[i] & (BEYOND_WIDTH | NX | 0x7ff0_0000_0000_01e6L)) != 0) {
                return false;
            }
        }
        System.arraycopy(loaded, 0, pdptes, 0, 4);
        return true;
    }

    @Override
    public int translate(long linear, int access, int bank, Mapping out) {
        int result;
        do {
            result = switch (controls().format()) {
                case NONE -> {
                    out.set(linear >>> 12, ALL_RIGHTS, 12, false);
                    yield MAPPED;
                }
                case BITS32 -> translate32(linear, access, bank, out);
                case PAE -> {
                    long pdpte = pdptes[(int) (linear >>> 30) & 3];
                    yield (pdpte & P) == 0
                            ? rules().error(access, bank, 0)
                            : walk(linear, access, bank, out, pdpte, PAE_LEVEL);
                }
                case LEVELS4 -> walk(linear, access, bank, out, root, 4);
            };
        } while (result == AGAIN);
        return result;
    }

    private int translate32(long linear, int access, int bank, Mapping out) {
        countWalk();
        long at = (root & 0xffff_f000L) + ((linear >>> 22 & 1023) << 2);
        int directory = entry32(at);
        if ((directory & P) == 0) {
            return rules().error(access, bank, 0);
        }
        boolean leaf = controls().largePages() && (directory & PS) != 0;
        int entry = directory;
        long leafAt = at;
        if (leaf) {
            // PSE-36: bits 13 to 20 of the entry are bits 32 to 39 of the address.
            if ((directory & 0x0020_0000) != 0 || ((long) (directory & 0x001f_e000) << 19 & BEYOND_WIDTH) != 0) {
                return rules().error(access, bank, PRESENT | RESERVED);
            }
        } else {
            leafAt = (directory & 0xffff_f000L) + ((linear >>> 12 & 1023) << 2);
            entry = entry32(leafAt);
            if ((entry & P) == 0) {
                return rules().error(access, bank, 0);
            }
        }
        int granted = rules().granted(directory & entry, false, bank);
        if ((granted & 1 << access) == 0) {
            return rules().error(access, bank, PRESENT);
        }
        if (!leaf && !mark32(at, directory, A)) {
            return AGAIN;
        }
        int bits = access == Tlb.WRITE ? A | D : A;
        if (!mark32(leafAt, entry, bits)) {
            return AGAIN;
        }
        long base = leaf
                ? (directory & 0xffc0_0000L) | (long) (directory & 0x001f_e000) << 19 | (linear & 0x003f_f000L)
                : entry & 0xffff_f000L;
        boolean global = (entry & G) != 0 && controls().globalPages();
        out.set(base >>> 12, cleanOnly(granted, entry | bits), leaf ? 22 : 12, global);
        return MAPPED;
    }

    @Override
    public long settle(Tlb tlb) {
        return memory.settle(tlb);
    }

    @Override
    public long references() {
        return super.references() + memory.references();
    }

    @Override
    long read(long at, int level) {
        addresses[level - 1] = at;
        long page = memory.page(at >>> 12, Tlb.READ);
        return page == GuestMemory.NO_PAGE ? -1 : (long) LONG.getVolatile(ram, page + (at & 4095));
    }

    @Override
    boolean mark(int level, long seen, int bits) {
        long at = addresses[level - 1];
        long page = memory.page(at >>> 12, Tlb.WRITE);
        return page == GuestMemory.NO_PAGE || LONG.compareAndSet(ram, page + (at & 4095), seen, seen | bits);
    }

    private int entry32(long gpa) {
        countReference();
        long page = memory.page(gpa >>> 12, Tlb.READ);
        return page == GuestMemory.NO_PAGE ? -1 : (int) INT.getVolatile(ram, page + (gpa & 4095));
    }

    private boolean mark32(long gpa, int seen, int bits) {
        if ((seen & bits) == bits) {
            return true;
        }
        long page = memory.page(gpa >>> 12, Tlb.WRITE);
        return page == GuestMemory.NO_PAGE || INT.compareAndSet(ram, page + (gpa & 4095), seen, seen | bits);
    }
}
