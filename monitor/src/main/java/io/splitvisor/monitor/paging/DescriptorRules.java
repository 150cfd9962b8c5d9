// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.paging;

/** What a segment descriptor of a guest may say: Xen's {@code check_descriptor} for 64-bit guests. */
public final class DescriptorRules {
    /** Entries of a GDT that are the guest's: {@code FIRST_RESERVED_GDT_ENTRY}. */
    public static final int GDT_ENTRIES = 14 * 512;

    /** Most entries of an LDT. */
    public static final int LDT_ENTRIES = 8192;

    /** Descriptors in a page. */
    public static final int IN_PAGE = 512;

    private static final long PRESENT = 1L << 47;
    private static final int DPL_SHIFT = 45;
    private static final long DPL = 3L << DPL_SHIFT;
    private static final long CODE_OR_DATA = 1L << 44;
    private static final long TYPE = 15L << 40;
    private static final long CALL_GATE = 12L << 40;

    /** Bits of a call gate that have to be zero. */
    private static final long GATE_RESERVED = 0xffL << 32;

    private static final int SELECTOR_SHIFT = 16;
    private static final long SELECTOR = 0xffffL << SELECTOR_SHIFT;
    private static final int SELECTOR_LDT = 4;

    /** The code segment that Xen gives a guest's kernel: {@code FLAT_RING3_CS64}. */
    private static final int XEN_CODE = 0xe033;

    private DescriptorRules() {}

    /** Whether it may stand in a table. What is not present always may. */
    static boolean isAllowed(long descriptor) {
        if ((descriptor & PRESENT) == 0 || (descriptor & CODE_OR_DATA) != 0) {
            return true;
        }
        long type = descriptor & TYPE;
        // Type 0 is the second half of a call gate.
        return type == 0
                || type == CALL_GATE && (descriptor & GATE_RESERVED) == 0 && isGateTarget(selector(descriptor));
    }

    /**
     * How a descriptor that is allowed stands in the table: segments are of ring 3, where Xen has its guests; gates of ring 0,
     * so that their use faults, with their own ring in the selector.
     */
    static long mended(long descriptor) {
        if ((descriptor & PRESENT) == 0) {
            return descriptor;
        }
        if ((descriptor & CODE_OR_DATA) != 0) {
            return descriptor | DPL;
        }
        if ((descriptor & TYPE) == 0) {
            return descriptor;
        }
        return (descriptor & ~DPL) | 3L << SELECTOR_SHIFT;
    }

    private static int selector(long descriptor) {
        return (int) ((descriptor & SELECTOR) >>> SELECTOR_SHIFT);
    }

    private static boolean isGateTarget(int selector) {
        return selector >>> 3 < GDT_ENTRIES || selector == XEN_CODE || (selector & SELECTOR_LDT) != 0;
    }
}
