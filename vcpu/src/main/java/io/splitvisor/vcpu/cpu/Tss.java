// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.cpu;

/** What the processor reads from the task state segment: stacks of inner rings and the I/O permission bitmap. */
public final class Tss {
    private static final int TYPE_32 = 8;
    private static final int RSP0 = 4;
    private static final int IST1 = 0x24;
    private static final int BITMAP_OFFSET = 0x66;

    private Tss() {}

    /** RSP of a ring, or an interrupt stack if {@code ist} is not zero. */
    static long stack64(Cpu c, int ring, int ist, int ext) {
        int at = ist == 0 ? RSP0 + 8 * ring : IST1 + 8 * (ist - 1);
        long rsp = read(c, at, 8, ext);
        if (rsp << 16 >> 16 != rsp) {
            throw c.fault.exception(Vector.SS, ext);
        }
        return rsp;
    }

    /** ESP of a ring. */
    static long stackPointer(Cpu c, int ring, int ext) {
        return is32(c) ? read(c, 4 + 8 * ring, 4, ext) : read(c, 2 + 4 * ring, 2, ext);
    }

    /** SS of a ring. */
    static int stackSegment(Cpu c, int ring, int ext) {
        return (int) (is32(c) ? read(c, 8 + 8 * ring, 2, ext) : read(c, 4 + 4 * ring, 2, ext));
    }

    /** Whether the bitmap allows all ports of an access. */
    public static boolean allowsPorts(Cpu c, int port, int size) {
        long limit = c.tr.limit() & 0xffff_ffffL;
        if (c.tr.has(Segment.UNUSABLE) || !is32(c) || limit < BITMAP_OFFSET + 1) {
            return false;
        }
        long at = c.mmu.loadSystem(c.tr.base() + BITMAP_OFFSET, 2) + (port >> 3);
        if (at + 1 > limit) {
            return false;
        }
        long bits = c.mmu.loadSystem(c.tr.base() + at, 2);
        return (bits >> (port & 7) & (1 << size) - 1) == 0;
    }

    private static boolean is32(Cpu c) {
        return (c.tr.attributes() & TYPE_32) != 0;
    }

    private static long read(Cpu c, int at, int size, int ext) {
        if (c.tr.has(Segment.UNUSABLE) || at + size - 1 > (c.tr.limit() & 0xffff_ffffL)) {
            throw Descriptors.fault(c, Vector.TS, c.tr.selector(), ext);
        }
        return c.mmu.loadSystem(c.tr.base() + at, size);
    }
}
