// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.cpu;

import io.splitvisor.vcpu.mmu.GuestFault;

/** Delivers interrupts and exceptions through the IDT. SDM volume 3, chapters 6.12 to 6.15. */
public final class Delivery {
    /** Where an event comes from, which decides about privilege checks and the EXT bit of nested error codes. */
    public enum Source {
        /** An exception of an instruction. */
        EXCEPTION,
        /** An interrupt from outside. */
        EXTERNAL,
        /** INT n, INT3, INTO. */
        SOFTWARE,
        /** INT1: no privilege check. */
        INT1
    }

    private static final int GATE_TASK = 5;
    private static final int GATE_TRAP_BIT = 1;
    private static final int GATE32_BIT = 8;

    private Delivery() {}

    /**
     * Enters a handler. Throws {@link GuestFault} with the state unchanged if it cannot.
     *
     * @param vector the event
     * @param error the error code to push, or {@link GuestFault#NO_ERROR_CODE}
     * @param returnTo the instruction pointer to save
     */
    public static void deliver(Cpu c, int vector, int error, Source source, long returnTo) {
        int cpl = c.cpl;
        try {
            if (c.realMode()) {
                deliverReal(c, vector, returnTo);
            } else if (c.sys.longMode()) {
                deliverLong(c, vector, error, source, returnTo);
            } else {
                deliverProtected(c, vector, error, source, returnTo);
            }
        } catch (GuestFault f) {
            c.cpl = cpl;
            c.bankChanged();
            if (f.kind() == GuestFault.Kind.NON_CANONICAL) {
                throw f.exception(Vector.SS, 0);
            }
            throw f;
        }
    }

    private static int ext(Source source) {
        return source == Source.SOFTWARE ? 0 : 1;
    }

    private static void deliverReal(Cpu c, int vector, long returnTo) {
        if (4 * vector + 3 > c.idtLimit) {
            throw c.gp(vector * 8 + 2);
        }
        long entry = c.mmu.load32(c.idtBase + 4L * vector);
        StackFrame frame = StackFrame.current(c);
        frame.push(c.eflags(), 2);
        frame.push(c.seg[Cpu.CS].selector(), 2);
        frame.push(returnTo, 2);
        c.stackPointer(frame.pointer());
        c.flags &= ~(Eflags.IF | Eflags.TF | Eflags.AC | Eflags.RF);
        FarTransfer.loadCodeReal(c, (int) (entry >>> 16));
        c.rip = entry & 0xffff;
    }

    private static void deliverLong(Cpu c, int vector, int error, Source source, long returnTo) {
        int ext = ext(source);
        int gateError = vector * 8 + 2;
        if (vector * 16 + 15 > c.idtLimit) {
            throw c.gp(gateError | ext);
        }
        long low = c.mmu.loadSystem(c.idtBase + 16L * vector, 8);
        long high = c.mmu.loadSystem(c.idtBase + 16L * vector + 8, 8);
        int type = Descriptors.type(low);
        if (!Descriptors.isSystem(low) || (type & ~GATE_TRAP_BIT) != 14 || (high >>> 40 & 31) != 0) {
            throw c.gp(gateError | ext);
        }
        checkGate(c, low, gateError, source);
        int selector = (int) (low >>> 16) & 0xffff;
        long code = targetCode(c, selector, ext);
        if ((Descriptors.attributes(code) & (Segment.L | Segment.DB)) != Segment.L) {
            throw Descriptors.fault(c, Vector.GP, selector, ext);
        }
        long target = (low & 0xffff) | low >>> 48 << 16 | high << 32;
        if (target << 16 >> 16 != target) {
            throw c.gp(ext);
        }
        boolean inner = !Descriptors.isConforming(code) && Descriptors.dpl(code) < c.cpl;
        int newCpl = inner ? Descriptors.dpl(code) : c.cpl;
        int ist = (int) (low >>> 32) & 7;
        long rsp = inner || ist != 0 ? Tss.stack64(c, newCpl, ist, ext) : c.r[Cpu.RSP];
        int oldSs = c.seg[Cpu.SS].selector();
        c.cpl = newCpl;
        c.bankChanged();
        StackFrame frame = StackFrame.flat(c, rsp & -16L);
        frame.push(oldSs, 8);
        frame.push(c.r[Cpu.RSP], 8);
        frame.push(c.eflags(), 8);
        frame.push(c.seg[Cpu.CS].selector(), 8);
        frame.push(returnTo, 8);
        if (error != GuestFault.NO_ERROR_CODE) {
            frame.push(error, 8);
        }
        Descriptors.touch(c, selector, code);
        c.r[Cpu.RSP] = frame.pointer();
        if (inner) {
            c.seg[Cpu.SS].load(newCpl, 0, -1, Descriptors.nullStack(newCpl));
        }
        enter(c, (selector & ~3) | newCpl, code, target, type);
    }

    private static void deliverProtected(Cpu c, int vector, int error, Source source, long returnTo) {
        int ext = ext(source);
        int gateError = vector * 8 + 2;
        if (vector * 8 + 7 > c.idtLimit) {
            throw c.gp(gateError | ext);
        }
        long gate = c.mmu.loadSystem(c.idtBase + 8L * vector, 8);
        int type = Descriptors.type(gate);
        if (!Descriptors.isSystem(gate) || (type != GATE_TASK && (type & ~(GATE32_BIT | GATE_TRAP_BIT)) != 6)) {
            throw c.gp(gateError | ext);
        }
        checkGate(c, gate, gateError, source);
        int selector = (int) (gate >>> 16) & 0xffff;
        if (type == GATE_TASK) {
            TaskSwitch.interrupt(c, selector, ext, returnTo, error);
            return;
        }
        long code = targetCode(c, selector, ext);
        int size = (type & GATE32_BIT) != 0 ? 4 : 2;
        long target = size == 4 ? (gate & 0xffff) | gate >>> 48 << 16 : gate & 0xffff;
        if (target > (Descriptors.limit(code) & 0xffff_ffffL)) {
            throw c.gp(ext);
        }
        boolean inner = !Descriptors.isConforming(code) && Descriptors.dpl(code) < c.cpl;
        int newCpl = inner ? Descriptors.dpl(code) : c.cpl;
        boolean virtual = c.virtual8086();
        if (virtual && newCpl != 0) {
            throw Descriptors.fault(c, Vector.GP, selector, ext);
        }
        Segment ss = inner ? innerStack(c, newCpl, ext) : c.seg[Cpu.SS];
        StackFrame frame =
                inner ? StackFrame.inner(c, ss, Tss.stackPointer(c, newCpl, ext), ext) : StackFrame.current(c);
        c.cpl = newCpl;
        c.bankChanged();
        if (virtual) {
            Virtual8086.pushSegments(c, frame, size);
        }
        if (inner) {
            frame.push(c.seg[Cpu.SS].selector(), size);
            frame.push(c.r[Cpu.RSP], size);
        }
        frame.push(c.eflags(), size);
        frame.push(c.seg[Cpu.CS].selector(), size);
        frame.push(returnTo, size);
        if (error != GuestFault.NO_ERROR_CODE) {
            frame.push(error, size);
        }
        Descriptors.touch(c, selector, code);
        if (virtual) {
            Virtual8086.clearSegments(c);
        }
        if (inner) {
            c.seg[Cpu.SS].load(ss.selector(), ss.base(), ss.limit(), ss.attributes());
            c.modeChanged();
        }
        c.stackPointer(frame.pointer());
        enter(c, (selector & ~3) | newCpl, code, target, type);
    }

    /** The stack segment of an inner ring, from the TSS, checked. */
    static Segment innerStack(Cpu c, int ring, int ext) {
        int selector = Tss.stackSegment(c, ring, ext);
        if (Descriptors.isNull(selector)) {
            throw c.fault.exception(Vector.TS, ext);
        }
        long d = Descriptors.stack(c, selector, ring, Vector.TS, ext);
        Descriptors.touch(c, selector, d);
        Segment ss = new Segment();
        Descriptors.load(ss, selector, d | 1L << 40);
        return ss;
    }

    private static void checkGate(Cpu c, long gate, int gateError, Source source) {
        if (source == Source.SOFTWARE && Descriptors.dpl(gate) < c.cpl) {
            throw c.gp(gateError);
        }
        if (!Descriptors.present(gate)) {
            throw c.fault.exception(Vector.NP, gateError | ext(source));
        }
    }

    private static long targetCode(Cpu c, int selector, int ext) {
        if (Descriptors.isNull(selector)) {
            throw c.gp(ext);
        }
        long code = Descriptors.read(c, selector, Vector.GP, ext);
        if (!Descriptors.isCode(code) || Descriptors.dpl(code) > c.cpl) {
            throw Descriptors.fault(c, Vector.GP, selector, ext);
        }
        if (!Descriptors.present(code)) {
            throw Descriptors.fault(c, Vector.NP, selector, ext);
        }
        return code;
    }

    private static void enter(Cpu c, int selector, long code, long target, int type) {
        Descriptors.load(c.seg[Cpu.CS], selector, code | 1L << 40);
        c.rip = target;
        c.flags &= ~(Eflags.TF | Eflags.NT | Eflags.RF | Eflags.VM);
        if ((type & GATE_TRAP_BIT) == 0) {
            c.flags &= ~Eflags.IF;
        }
        c.modeChanged();
    }
}
