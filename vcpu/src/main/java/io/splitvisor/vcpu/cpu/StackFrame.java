// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.cpu;

/** Pushes several values to a stack that becomes the processor's only when all have been pushed. */
final class StackFrame {
    private final Cpu c;
    private final Segment ss;
    private final long mask;
    private final boolean flat;
    private final int error;
    private long sp;

    private StackFrame(Cpu c, Segment ss, long sp, long mask, boolean flat, int error) {
        this.c = c;
        this.ss = ss;
        this.sp = sp;
        this.mask = mask;
        this.flat = flat;
        this.error = error;
    }

    /** The stack in use. */
    static StackFrame current(Cpu c) {
        return new StackFrame(c, c.seg[Cpu.SS], c.r[Cpu.RSP], c.stackMask, c.mode == Cpu.CODE64, 0);
    }

    /** A stack in 64-bit mode's flat memory. */
    static StackFrame flat(Cpu c, long rsp) {
        return new StackFrame(c, c.seg[Cpu.SS], rsp, -1, true, 0);
    }

    /** A stack in another segment. */
    static StackFrame inner(Cpu c, Segment ss, long esp, int ext) {
        long mask = ss.has(Segment.DB) ? 0xffff_ffffL : 0xffffL;
        return new StackFrame(c, ss, esp, mask, false, (ss.selector() & 0xfffc) | ext);
    }

    void push(long value, int size) {
        sp = (sp - size & mask) | (sp & ~mask);
        c.mmu.store(linear(sp & mask, size, true), size, value);
    }

    long pop(int size) {
        long value = c.mmu.load(linear(sp & mask, size, false), size);
        sp = (sp + size & mask) | (sp & ~mask);
        return value;
    }

    void skip(long bytes) {
        sp = (sp + bytes & mask) | (sp & ~mask);
    }

    /** The stack pointer after what was pushed and popped. */
    long pointer() {
        return sp;
    }

    private long linear(long offset, int size, boolean write) {
        if (flat) {
            return offset;
        }
        if (!ss.allows(offset, size, write)) {
            throw c.fault.exception(Vector.SS, error);
        }
        return ss.base() + offset & 0xffff_ffffL;
    }
}
