// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.mmu;

/**
 * What control registers say about paging.
 *
 * @param format the tables' format
 * @param writeProtect CR0.WP
 * @param largePages CR4.PSE; counts for 32-bit tables only
 * @param globalPages CR4.PGE
 * @param noExecute EFER.NXE
 * @param smep CR4.SMEP
 * @param smap CR4.SMAP
 */
public record PagingControls(
        Format format,
        boolean writeProtect,
        boolean largePages,
        boolean globalPages,
        boolean noExecute,
        boolean smep,
        boolean smap) {
    /** Paging off. */
    public static final PagingControls OFF = new PagingControls(Format.NONE, false, false, false, false, false, false);

    private static final long CR0_PG = 1L << 31;
    private static final long CR0_WP = 1L << 16;
    private static final long CR4_PSE = 1L << 4;
    private static final long CR4_PAE = 1L << 5;
    private static final long CR4_PGE = 1L << 7;
    private static final long CR4_SMEP = 1L << 20;
    private static final long CR4_SMAP = 1L << 21;
    private static final long EFER_LME = 1L << 8;
    private static final long EFER_LMA = 1L << 10;
    private static final long EFER_NXE = 1L << 11;

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

    /** What the registers say that a processor has loaded. */
    public static PagingControls of(long cr0, long cr4, long efer) {
        return new PagingControls(
                format(cr0, cr4, efer),
                (cr0 & CR0_WP) != 0,
                (cr4 & CR4_PSE) != 0,
                (cr4 & CR4_PGE) != 0,
                (efer & EFER_NXE) != 0,
                (cr4 & CR4_SMEP) != 0,
                (cr4 & CR4_SMAP) != 0);
    }

    private static Format format(long cr0, long cr4, long efer) {
        if ((cr0 & CR0_PG) == 0) {
            return Format.NONE;
        }
        if ((efer & EFER_LMA) != 0) {
            return Format.LEVELS4;
        }
        return (cr4 & CR4_PAE) != 0 ? Format.PAE : Format.BITS32;
    }

    /** These, with CR0.WP set. */
    public PagingControls withWriteProtect() {
        return new PagingControls(format, true, largePages, globalPages, noExecute, smep, smap);
    }

    /** A CR0 that says the same. */
    public long cr0() {
        return 1 | (format != Format.NONE ? CR0_PG : 0) | (writeProtect ? CR0_WP : 0);
    }

    /** A CR4 that says the same. */
    public long cr4() {
        boolean pae = format == Format.PAE || format == Format.LEVELS4;
        return (largePages ? CR4_PSE : 0)
                | (pae ? CR4_PAE : 0)
                | (globalPages ? CR4_PGE : 0)
                | (smep ? CR4_SMEP : 0)
                | (smap ? CR4_SMAP : 0);
    }

    /** An EFER that says the same. */
    public long efer() {
        return (format == Format.LEVELS4 ? EFER_LME | EFER_LMA : 0) | (noExecute ? EFER_NXE : 0);
    }
}
