// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.mmu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Walks x86 page tables: none, 32-bit (with PSE), PAE, and 4-level. Intel SDM volume 3, chapter 5.
 *
 * <p>Tables that lie outside memory read as all ones, so that they fault for their reserved bits.
 */
public final class PageWalk implements Paging {
    /** The table format that control registers choose. */
    public enum Format {
        /** Linear is physical. */
        NONE,
        /** Two levels of 32-bit entries. */
        BITS32,
        /** Three levels of 64-bit entries, the first held in registers. */
        PAE,
        /** Four levels of 64-bit entries. */
        LEVELS4
    }

    /**
     * What control registers say about paging.
     *
     * @param format the tables' format
     * @param writeProtect CR0.WP
     * @param largePages CR4.PSE; counts for 32-bit tables only
     * @param noExecute EFER.NXE
     * @param smep CR4.SMEP
     * @param smap CR4.SMAP
     */
    public record Controls(
            Format format, boolean writeProtect, boolean largePages, boolean noExecute, boolean smep, boolean smap) {
        /** Paging off. */
        public static final Controls OFF = new Controls(Format.NONE, false, false, false, false, false);
    }

    private static final VarHandle LONG =
            ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle();
    private static final VarHandle INT =
            ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle();

    private static final int P = 1;
    private static final int RW = 2;
    private static final int US = 4;
    private static final int A = 0x20;
    private static final int D = 0x40;
    private static final int PS = 0x80;
    private static final long NX = Long.MIN_VALUE;
    private static final int ALL_RIGHTS = 1 << Tlb.READ | 1 << Tlb.WRITE | 1 << Tlb.EXECUTE;

    private final GuestMemory memory;
    private final MemorySegment ram;
    private final long reserved;
    private final long[] path = new long[4];
    private final long[] pdptes = new long[4];
    private Controls controls = Controls.OFF;
    private long root;

    /**
     * @param memory where the tables lie
     * @param physicalBits width of a guest-physical address (MAXPHYADDR), 32 to 52
     */
    public PageWalk(GuestMemory memory, int physicalBits) {
        this.memory = memory;
        this.ram = memory.ram();
        this.reserved = (1L << 52) - (1L << physicalBits);
    }

    /** Chooses format and rules; the caller flushes. */
    public void controls(Controls newControls) {
        this.controls = newControls;
    }

    /** The rules in force. */
    public Controls controls() {
        return controls;
    }

    /** Points to the top table, as CR3 does; the caller flushes. */
    public void root(long cr3) {
        this.root = cr3;
    }

    /**
     * Loads the four entries that PAE paging holds in registers.
     *
     * @return false, changing nothing, if one has reserved bits set: #GP
     */
    public boolean loadPdptes(long cr3) {
        long[] loaded = new long[4];
        for (int i = 0; i < 4; i++) {
            loaded[i] = entry64((cr3 & 0xffff_ffe0L) + 8L * i);
            if ((loaded[i] & P) != 0 && (loaded[i] & (reserved | NX | 0x7ff0_0000_0000_01e6L)) != 0) {
                return false;
            }
        }
        System.arraycopy(loaded, 0, pdptes, 0, 4);
        return true;
    }

    @Override
    public int translate(long linear, int access, int bank, Mapping out) {
        return switch (controls.format) {
            case NONE -> {
                out.set(linear >>> 12, ALL_RIGHTS, false);
                yield MAPPED;
            }
            case BITS32 -> translate32(linear, access, bank, out);
            case PAE -> {
                long pdpte = pdptes[(int) (linear >>> 30) & 3];
                yield (pdpte & P) == 0
                        ? error(access, bank, 0)
                        : translate64(linear, access, bank, out, pdpte, 2, RW | US);
            }
            case LEVELS4 -> translate64(linear, access, bank, out, root, 4, RW | US);
        };
    }

    private int translate64(long linear, int access, int bank, Mapping out, long top, int topLevel, int startRights) {
        long table = top & 0x000f_ffff_ffff_f000L;
        int rights = startRights;
        long noExecute = 0;
        for (int level = topLevel; ; level--) {
            long at = table + ((linear >>> (12 + 9 * (level - 1)) & 511) << 3);
            long entry = entry64(at);
            if ((entry & P) == 0) {
                return error(access, bank, 0);
            }
            boolean leaf = level == 1 || (level < 4 && (entry & PS) != 0);
            if ((entry & reserved64(level, leaf)) != 0) {
                return error(access, bank, PRESENT | RESERVED);
            }
            path[level - 1] = at;
            rights &= (int) entry;
            noExecute |= entry & NX;
            if (!leaf) {
                table = entry & 0x000f_ffff_ffff_f000L;
                continue;
            }
            int granted = granted(rights, noExecute != 0, bank);
            if ((granted & 1 << access) == 0) {
                return error(access, bank, PRESENT);
            }
            for (int l = topLevel; l > level; l--) {
                setBits64(path[l - 1], A);
            }
            long now = setBits64(at, access == Tlb.WRITE ? A | D : A);
            long inPage = (1L << (12 + 9 * (level - 1))) - 1;
            long base = entry & 0x000f_ffff_ffff_f000L & ~inPage;
            out.set((base | (linear & inPage)) >>> 12, cleanOnly(granted, now), level > 1);
            return MAPPED;
        }
    }

    private long reserved64(int level, boolean leaf) {
        long bits = reserved;
        if (!controls.noExecute) {
            bits |= NX;
        }
        if (controls.format == Format.PAE) {
            bits |= 0x7ff0_0000_0000_0000L;
        }
        if (level == 4) {
            bits |= PS;
        } else if (leaf && level > 1) {
            bits |= (1L << (12 + 9 * (level - 1))) - (1L << 13);
        }
        return bits;
    }

    private int translate32(long linear, int access, int bank, Mapping out) {
        long at = (root & 0xffff_f000L) + ((linear >>> 22 & 1023) << 2);
        int directory = entry32(at);
        if ((directory & P) == 0) {
            return error(access, bank, 0);
        }
        boolean leaf = controls.largePages && (directory & PS) != 0;
        int entry = directory;
        long leafAt = at;
        if (leaf) {
            // PSE-36: bits 13 to 20 of the entry are bits 32 to 39 of the address.
            if ((directory & 0x0020_0000) != 0 || ((long) (directory & 0x001f_e000) << 19 & reserved) != 0) {
                return error(access, bank, PRESENT | RESERVED);
            }
        } else {
            leafAt = (directory & 0xffff_f000L) + ((linear >>> 12 & 1023) << 2);
            entry = entry32(leafAt);
            if ((entry & P) == 0) {
                return error(access, bank, 0);
            }
        }
        int granted = granted(directory & entry, false, bank);
        if ((granted & 1 << access) == 0) {
            return error(access, bank, PRESENT);
        }
        if (!leaf) {
            setBits32(at, A);
        }
        int now = setBits32(leafAt, access == Tlb.WRITE ? A | D : A);
        long base = leaf
                ? (directory & 0xffc0_0000L) | (long) (directory & 0x001f_e000) << 19 | (linear & 0x003f_f000L)
                : entry & 0xffff_f000L;
        out.set(base >>> 12, cleanOnly(granted, now), leaf);
        return MAPPED;
    }

    /** A page that is not dirty yet keeps trapping stores, so that the dirty bit is set by the first. */
    private static int cleanOnly(int granted, long entry) {
        return (entry & D) != 0 ? granted : granted & ~(1 << Tlb.WRITE);
    }

    private int granted(int rights, boolean noExecute, int bank) {
        boolean userPage = (rights & US) != 0;
        int granted = noExecute ? 0 : 1 << Tlb.EXECUTE;
        if (bank == Tlb.USER) {
            if (!userPage) {
                return 0;
            }
            return granted | 1 << Tlb.READ | ((rights & RW) != 0 ? 1 << Tlb.WRITE : 0);
        }
        if (userPage && controls.smep) {
            granted = 0;
        }
        if (userPage && controls.smap && bank != Tlb.SUPERVISOR_AC) {
            return granted;
        }
        boolean write = (rights & RW) != 0 || !controls.writeProtect;
        return granted | 1 << Tlb.READ | (write ? 1 << Tlb.WRITE : 0);
    }

    private int error(int access, int bank, int cause) {
        int error = cause | (bank == Tlb.USER ? USER : 0);
        if (access == Tlb.WRITE) {
            return error | WRITE;
        }
        boolean fetchShown = (controls.noExecute && controls.format != Format.BITS32) || controls.smep;
        return access == Tlb.EXECUTE && fetchShown ? error | FETCH : error;
    }

    private long entry64(long gpa) {
        long page = memory.page(gpa >>> 12);
        return page == GuestMemory.NO_PAGE ? -1 : (long) LONG.getVolatile(ram, page + (gpa & 4095));
    }

    private long setBits64(long gpa, int bits) {
        long page = memory.page(gpa >>> 12);
        if (page == GuestMemory.NO_PAGE) {
            return -1;
        }
        long at = page + (gpa & 4095);
        long entry = (long) LONG.getVolatile(ram, at);
        return (entry & bits) == bits ? entry : (long) LONG.getAndBitwiseOr(ram, at, (long) bits) | bits;
    }

    private int entry32(long gpa) {
        long page = memory.page(gpa >>> 12);
        return page == GuestMemory.NO_PAGE ? -1 : (int) INT.getVolatile(ram, page + (gpa & 4095));
    }

    private int setBits32(long gpa, int bits) {
        long page = memory.page(gpa >>> 12);
        if (page == GuestMemory.NO_PAGE) {
            return -1;
        }
        long at = page + (gpa & 4095);
        int entry = (int) INT.getVolatile(ram, at);
        return (entry & bits) == bits ? entry : (int) INT.getAndBitwiseOr(ram, at, bits) | bits;
    }
}
