// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.cpu;

import io.splitvisor.vcpu.mmu.GuestFault;

/** Reads descriptors and loads segment registers. SDM volume 3, chapters 3.4 and 5. */
public final class Descriptors {
    private static final int TYPE_LDT = 2;
    private static final int TYPE_TSS_AVAILABLE = 9;
    private static final int TYPE_TSS16_AVAILABLE = 1;
    private static final int BUSY = 2;
    /** Attributes of every segment in virtual 8086 mode: writable data of ring 3. */
    private static final int VIRTUAL = 0xf3;

    private Descriptors() {}

    /** Whether a selector is null. */
    static boolean isNull(int selector) {
        return (selector & 0xfffc) == 0;
    }

    /** The linear address of a selector's descriptor, or -1 if it lies outside its table. */
    static long address(Cpu c, int selector, int bytes) {
        int index = selector & 0xfff8;
        if ((selector & 4) == 0) {
            return index + bytes - 1 <= c.gdtLimit ? c.gdtBase + index : -1;
        }
        boolean inside = !c.ldtr.has(Segment.UNUSABLE) && index + bytes - 1 <= (c.ldtr.limit() & 0xffff_ffffL);
        return inside ? c.ldtr.base() + index : -1;
    }

    /** A selector's descriptor; faults with a vector and the selector as error code. */
    static long read(Cpu c, int selector, int vector, int ext) {
        long at = address(c, selector, 8);
        if (at == -1) {
            throw fault(c, vector, selector, ext);
        }
        return c.mmu.loadSystem(at, 8);
    }

    static GuestFault fault(Cpu c, int vector, int selector, int ext) {
        return c.fault.exception(vector, (selector & 0xfffc) | ext);
    }

    /** Bits 40 to 55 of a descriptor. */
    static int attributes(long d) {
        return (int) (d >>> 40) & 0xf0ff;
    }

    static long base(long d) {
        return (d >>> 16 & 0xff_ffff) | (d >>> 56) << 24;
    }

    /** The limit in bytes. */
    static int limit(long d) {
        int limit = (int) ((d & 0xffff) | (d >>> 32 & 0xf_0000));
        return (attributes(d) & Segment.G) != 0 ? limit << 12 | 0xfff : limit;
    }

    static int dpl(long d) {
        return (int) (d >>> 45) & 3;
    }

    static boolean present(long d) {
        return (d & 1L << 47) != 0;
    }

    static int type(long d) {
        return (int) (d >>> 40) & 15;
    }

    static boolean isSystem(long d) {
        return (d & 1L << 44) == 0;
    }

    static boolean isCode(long d) {
        return !isSystem(d) && (d & 1L << 43) != 0;
    }

    static boolean isConforming(long d) {
        return (d & 1L << 42) != 0;
    }

    static boolean isWritableData(long d) {
        return !isSystem(d) && !isCode(d) && (d & 1L << 41) != 0;
    }

    static void load(Segment s, int selector, long d) {
        s.load(selector, base(d), limit(d), attributes(d));
    }

    /** Sets the accessed bit of a descriptor of code or data, in the table. */
    static void touch(Cpu c, int selector, long d) {
        if ((d & 1L << 40) == 0) {
            c.mmu.storeSystem(address(c, selector, 8) + 5, 1, (d >>> 40 & 0xff) | 1);
        }
    }

    /** Loads any segment register in virtual 8086 mode. The caller derives the mode. */
    static void loadVirtual(Cpu c, int number, int selector) {
        c.seg[number].load(selector, (long) (selector & 0xffff) << 4, 0xffff, VIRTUAL);
        c.segmentChanged(number);
    }

    /** Loads DS, ES, FS, GS or SS, as MOV and POP do. */
    public static void loadData(Cpu c, int number, int selector) {
        Segment s = c.seg[number];
        if (c.virtual8086()) {
            loadVirtual(c, number, selector);
        } else if (c.realMode()) {
            s.load(selector, (long) (selector & 0xffff) << 4, s.limit(), s.attributes() & ~Segment.UNUSABLE);
        } else if (number == Cpu.SS) {
            loadStack(c, selector, c.cpl, Vector.GP);
        } else if (isNull(selector)) {
            s.loadNull(selector);
        } else {
            long d = read(c, selector, Vector.GP, 0);
            boolean readable = !isSystem(d) && (!isCode(d) || (d & 1L << 41) != 0);
            boolean exempt = isCode(d) && isConforming(d);
            if (!readable || (!exempt && (dpl(d) < c.cpl || dpl(d) < (selector & 3)))) {
                throw fault(c, Vector.GP, selector, 0);
            }
            if (!present(d)) {
                throw fault(c, Vector.NP, selector, 0);
            }
            touch(c, selector, d);
            load(s, selector, d | 1L << 40);
        }
        c.segmentChanged(number);
        if (number == Cpu.SS) {
            c.modeChanged();
        }
    }

    /** Loads SS for a privilege level. The caller derives the mode. */
    private static void loadStack(Cpu c, int selector, int cpl, int vector) {
        if (isNull(selector)) {
            if (c.mode != Cpu.CODE64 || cpl == 3 || (selector & 3) != cpl) {
                throw c.fault.exception(vector, 0);
            }
            c.seg[Cpu.SS].load(selector, 0, -1, nullStack(cpl));
            return;
        }
        long d = stack(c, selector, cpl, vector, 0);
        touch(c, selector, d);
        load(c.seg[Cpu.SS], selector, d | 1L << 40);
    }

    /** The checked descriptor of a stack segment for a privilege level. */
    static long stack(Cpu c, int selector, int cpl, int vector, int ext) {
        long d = read(c, selector, vector, ext);
        if ((selector & 3) != cpl || !isWritableData(d) || dpl(d) != cpl) {
            throw fault(c, vector, selector, ext);
        }
        if (!present(d)) {
            throw fault(c, Vector.SS, selector, ext);
        }
        return d;
    }

    /** Attributes of the null SS of 64-bit mode: unusable, but with a privilege level. */
    static int nullStack(int cpl) {
        return Segment.UNUSABLE | cpl << 5 | Segment.P | Segment.S | Segment.RW;
    }

    /** LLDT. */
    public static void loadLdt(Cpu c, int selector) {
        if (isNull(selector)) {
            c.ldtr.loadNull(selector);
            return;
        }
        c.ldtr.load(selector, 0, 0, Segment.UNUSABLE);
        long[] d = readSystem(c, selector, d0 -> type(d0) == TYPE_LDT);
        c.ldtr.load(selector, base(d[0]) | d[1] << 32, limit(d[0]), attributes(d[0]));
    }

    /** LTR. */
    public static void loadTask(Cpu c, int selector) {
        if (isNull(selector)) {
            throw c.gp(0);
        }
        long[] d = readSystem(
                c,
                selector,
                d0 -> type(d0) == TYPE_TSS_AVAILABLE || (!c.sys.longMode() && type(d0) == TYPE_TSS16_AVAILABLE));
        c.mmu.storeSystem(address(c, selector, 8) + 5, 1, (d[0] >>> 40 & 0xff) | BUSY);
        c.tr.load(selector, base(d[0]) | d[1] << 32, limit(d[0]), attributes(d[0]) | BUSY);
    }

    /** Both halves of a system descriptor in the GDT; the second is zero outside long mode. */
    private static long[] readSystem(Cpu c, int selector, java.util.function.LongPredicate type) {
        int bytes = c.sys.longMode() ? 16 : 8;
        long at = (selector & 4) == 0 ? address(c, selector, bytes) : -1;
        if (at == -1) {
            throw fault(c, Vector.GP, selector, 0);
        }
        long low = c.mmu.loadSystem(at, 8);
        long high = bytes == 16 ? c.mmu.loadSystem(at + 8, 8) : 0;
        boolean typeOfHighIsZero = (high >>> 40 & 31) == 0;
        long base = base(low) | high << 32;
        boolean canonical = bytes == 8 || base << 16 >> 16 == base;
        if (!isSystem(low) || !type.test(low) || !typeOfHighIsZero || !canonical) {
            throw fault(c, Vector.GP, selector, 0);
        }
        if (!present(low)) {
            throw fault(c, Vector.NP, selector, 0);
        }
        return new long[] {low, high & 0xffff_ffffL};
    }

    /**
     * LAR, LSL, VERR, VERW: a descriptor that may be looked at.
     *
     * @return the descriptor, or 0 if the selector does not lead to one that is visible here
     */
    public static long inspect(Cpu c, int selector) {
        long at = isNull(selector) ? -1 : address(c, selector, 8);
        if (at == -1) {
            return 0;
        }
        long d = c.mmu.loadSystem(at, 8);
        boolean exempt = isCode(d) && isConforming(d);
        return exempt || (dpl(d) >= c.cpl && dpl(d) >= (selector & 3)) ? d : 0;
    }

    /** What LAR shows of a descriptor. */
    public static boolean hasRights(Cpu c, long d) {
        if (!isSystem(d)) {
            return true;
        }
        return switch (type(d)) {
            case 2, 9, 11, 12 -> true;
            case 1, 3, 4, 5 -> !c.sys.longMode();
            default -> false;
        };
    }

    /** Whether LSL shows a limit. */
    public static boolean hasLimit(Cpu c, long d) {
        if (!isSystem(d)) {
            return true;
        }
        return switch (type(d)) {
            case 2, 9, 11 -> true;
            case 1, 3 -> !c.sys.longMode();
            default -> false;
        };
    }

    /** A descriptor's limit in bytes, for LSL. */
    public static long limitOf(long d) {
        return limit(d) & 0xffff_ffffL;
    }

    /** VERR, VERW. */
    public static boolean verify(long d, boolean write) {
        if (d == 0 || isSystem(d)) {
            return false;
        }
        return write ? isWritableData(d) : !isCode(d) || (d & 1L << 41) != 0;
    }
}
