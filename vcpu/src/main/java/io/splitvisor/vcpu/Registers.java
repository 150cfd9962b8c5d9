// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu;

import io.splitvisor.vcpu.cpu.Cpu;
import io.splitvisor.vcpu.cpu.Eflags;
import io.splitvisor.vcpu.cpu.FxImage;
import io.splitvisor.vcpu.cpu.Segment;
import io.splitvisor.vcpu.fp.Mxcsr;
import io.splitvisor.vcpu.mmu.GuestFault;
import java.util.Objects;

/** A processor's registers as its host sees them, between runs. General registers are numbered as x86 encodes them. */
public final class Registers {
    private static final int GENERAL = 16;
    private static final int SEGMENTS = 6;

    /**
     * A segment register.
     *
     * @param selector its visible part
     * @param base linear address
     * @param limit in bytes, unsigned
     * @param attributes bits 40 to 55 of the descriptor: type, S, DPL, P, then AVL, L, D/B, G from bit 12
     */
    public record SegmentValue(int selector, long base, int limit, int attributes) {}

    private final Cpu cpu;

    Registers(Cpu cpu) {
        this.cpu = cpu;
    }

    /** RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8 to R15. */
    public long general(int number) {
        return cpu.r[Objects.checkIndex(number, GENERAL)];
    }

    /** Sets one of {@link #general}. */
    public void general(int number, long value) {
        cpu.r[Objects.checkIndex(number, GENERAL)] = value;
    }

    /** The instruction pointer: an offset in CS. */
    public long rip() {
        return cpu.rip;
    }

    /** Sets the instruction pointer. */
    public void rip(long value) {
        cpu.rip = value;
    }

    /** RFLAGS. */
    public long rflags() {
        return cpu.eflags();
    }

    /**
     * Sets RFLAGS; undefined bits are ignored, and VM outside ring 3 of protected mode. With VM the caller sets the segments as
     * virtual 8086 mode has them.
     */
    public void rflags(long value) {
        boolean mayBeVirtual = cpu.cpl == 3 && !cpu.realMode() && !cpu.sys.longMode();
        cpu.eflags(mayBeVirtual ? value : value & ~(long) Eflags.VM);
        cpu.bankChanged();
        cpu.attention = true;
    }

    /** A segment register: ES, CS, SS, DS, FS, GS are 0 to 5. */
    public SegmentValue segment(int number) {
        Segment s = cpu.seg[Objects.checkIndex(number, SEGMENTS)];
        return new SegmentValue(s.selector(), s.base(), s.limit(), s.attributes());
    }

    /** Loads a segment register without looking at any table. CS sets the privilege level from its attributes' DPL. */
    public void segment(int number, SegmentValue value) {
        Segment s = cpu.seg[Objects.checkIndex(number, SEGMENTS)];
        s.load(value.selector(), value.base(), value.limit(), value.attributes());
        cpu.segmentChanged(number);
        if (number == Cpu.CS) {
            cpu.cpl = cpu.realMode() ? 0 : s.dpl();
        }
        cpu.modeChanged();
    }

    /** CR0, CR2, CR3, CR4 or CR8. */
    public long control(int number) {
        return switch (number) {
            case 0 -> cpu.sys.cr0;
            case 2 -> cpu.sys.cr2;
            case 3 -> cpu.sys.cr3;
            case 4 -> cpu.sys.cr4;
            case 8 -> cpu.sys.cr8;
            default -> throw new IndexOutOfBoundsException("no CR" + number);
        };
    }

    /** Sets CR8, the task priority. */
    public void taskPriority(int value) {
        cpu.sys.cr8 = value & 15;
    }

    /** EFER. */
    public long efer() {
        return cpu.sys.efer;
    }

    /** Current privilege level. */
    public int cpl() {
        return cpu.cpl;
    }

    /**
     * Sets control registers and EFER together, as a boot loader that enters a mode would have left them. The caller sets
     * CS afterwards.
     *
     * @param newEfer LMA included
     */
    public void system(long cr0, long cr3, long cr4, long newEfer) {
        cpu.sys.restore(cr0, cr3, cr4, newEfer);
    }

    /** Half of an XMM register: 0 is the low one. */
    public long xmm(int number, int half) {
        return cpu.xmm[2 * Objects.checkIndex(number, GENERAL) + Objects.checkIndex(half, 2)];
    }

    /** Sets half of an XMM register. */
    public void xmm(int number, int half, long value) {
        cpu.xmm[2 * Objects.checkIndex(number, GENERAL) + Objects.checkIndex(half, 2)] = value;
    }

    /** Control and status of SSE. */
    public int mxcsr() {
        return cpu.mxcsr;
    }

    /** Sets MXCSR; bits that are reserved are ignored. */
    public void mxcsr(int value) {
        cpu.mxcsr = value & Mxcsr.BITS;
    }

    /** The state of x87, MMX and SSE in the words that FXSAVE lays out, 64 of them. */
    public long[] floatState() {
        return FxImage.save(cpu);
    }

    /** The tag word of the x87 as FNSTENV stores it: two bits a register, valid 0, zero 1, special 2, empty 3. */
    public int floatTags() {
        return cpu.fpu.tagWord();
    }

    /** Sets {@link #floatState}; bits that are reserved are ignored. */
    public void floatState(long[] words) {
        Objects.checkIndex(FxImage.WORDS - 1, words.length);
        FxImage.restore(cpu, words, GENERAL);
    }

    /** Loads the task register without looking at any table. */
    public void task(SegmentValue value) {
        cpu.tr.load(value.selector(), value.base(), value.limit(), value.attributes());
    }

    /**
     * Sets a model-specific register, as WRMSR would.
     *
     * @throws IllegalArgumentException if the processor does not hold it, or not this value
     */
    public void msr(int index, long value) {
        if (!cpu.sys.msrs.holds(index)) {
            throw new IllegalArgumentException("not held here: MSR 0x" + Integer.toHexString(index));
        }
        try {
            cpu.sys.msrs.write(index, value);
        } catch (GuestFault _) {
            throw new IllegalArgumentException("bad value for MSR 0x" + Integer.toHexString(index));
        }
    }

    /** Points GDTR and IDTR. */
    public void tables(long gdtBase, int gdtLimit, long idtBase, int idtLimit) {
        cpu.gdtBase = gdtBase;
        cpu.gdtLimit = gdtLimit;
        cpu.idtBase = idtBase;
        cpu.idtLimit = idtLimit;
    }
}
