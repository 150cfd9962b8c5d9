// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.cpu;

import io.splitvisor.vcpu.mmu.GuestFault;

/**
 * Hardware task switches, by JMP, CALL, IRET and through task gates, between 32-bit and 16-bit task state segments. SDM volume 3,
 * chapter 8.3.
 *
 * <p>Faults before the old task has been saved belong to it. Everything behind that belongs to the new one: it becomes an
 * exception before its first instruction.
 */
public final class TaskSwitch {
    /** What causes a switch. */
    enum Cause {
        /** The old task ends. */
        JUMP,
        /** The old task waits for the new one, which links to it. */
        CALL,
        /** Back along the link. */
        RETURN
    }

    private static final int AVAILABLE16 = 1;
    private static final int BUSY = 2;
    private static final int TYPE_LDT = 2;
    private static final int TASK_GATE = 5;
    private static final long DESCRIPTOR_BUSY = (long) BUSY << 40;
    private static final int[] SELECTORS = {Cpu.ES, Cpu.CS, Cpu.SS, Cpu.DS, Cpu.FS, Cpu.GS};

    private final Cpu c;
    private final Layout to;
    private final Cause cause;
    private final int selector;
    private final long descriptor;
    private final long base;

    private TaskSwitch(Cpu c, Cause cause, int selector, long descriptor) {
        this.c = c;
        this.cause = cause;
        this.selector = selector;
        this.descriptor = descriptor;
        this.to = Layout.of((Descriptors.type(descriptor) & 8) != 0);
        this.base = Descriptors.base(descriptor);
    }

    /** Where things lie in a task state segment. */
    private record Layout(
            int word, int cr3, int ip, int flags, int general, int segments, int segmentCount, int ldt, int limit) {
        static final Layout BITS32 = new Layout(4, 0x1c, 0x20, 0x24, 0x28, 0x48, 6, 0x60, 0x67);
        static final Layout BITS16 = new Layout(2, -1, 0x0e, 0x10, 0x12, 0x22, 4, 0x2a, 0x2b);
        static final int TRAP = 0x64;

        boolean isWide() {
            return word == 4;
        }

        static Layout of(boolean wide) {
            return wide ? BITS32 : BITS16;
        }
    }

    /** What a selector leads to. */
    static boolean isTask(Cpu c, long d) {
        int type = Descriptors.type(d);
        return !c.sys.longMode()
                && Descriptors.isSystem(d)
                && ((type & ~8 & ~BUSY) == AVAILABLE16 || type == TASK_GATE);
    }

    /** JMP or CALL to a task state segment or through a task gate. {@code rip} is where the old task goes on. */
    static void transfer(Cpu c, int selector, long d, Cause cause) {
        if (Descriptors.dpl(d) < c.cpl || Descriptors.dpl(d) < (selector & 3)) {
            throw Descriptors.fault(c, Vector.GP, selector, 0);
        }
        int target = selector;
        if (Descriptors.type(d) == TASK_GATE) {
            if (!Descriptors.present(d)) {
                throw Descriptors.fault(c, Vector.NP, selector, 0);
            }
            target = (int) (d >>> 16) & 0xffff;
        }
        new TaskSwitch(c, cause, target, target(c, target, Vector.GP, 0, 0)).perform(c.rip, GuestFault.NO_ERROR_CODE);
    }

    /** An event through a task gate of the IDT, which has been checked. */
    static void interrupt(Cpu c, int selector, int ext, long returnTo, int error) {
        new TaskSwitch(c, Cause.CALL, selector, target(c, selector, Vector.GP, 0, ext)).perform(returnTo, error);
    }

    /** IRET with NT set. */
    static void back(Cpu c) {
        int link = (int) c.mmu.loadSystem(c.tr.base(), 2);
        new TaskSwitch(c, Cause.RETURN, link, target(c, link, Vector.TS, BUSY, 0))
                .perform(c.rip, GuestFault.NO_ERROR_CODE);
    }

    private static long target(Cpu c, int selector, int vector, int busy, int ext) {
        boolean global = (selector & 4) == 0 && !Descriptors.isNull(selector);
        if (!global) {
            throw Descriptors.fault(c, vector, selector, ext);
        }
        long d = Descriptors.read(c, selector, vector, ext);
        if (!Descriptors.isSystem(d) || (Descriptors.type(d) & ~8) != (AVAILABLE16 | busy)) {
            throw Descriptors.fault(c, vector, selector, ext);
        }
        if (!Descriptors.present(d)) {
            throw Descriptors.fault(c, Vector.NP, selector, ext);
        }
        boolean wide = (Descriptors.type(d) & 8) != 0;
        if (Long.compareUnsigned(Descriptors.limit(d) & 0xffff_ffffL, Layout.of(wide).limit) < 0) {
            throw Descriptors.fault(c, Vector.TS, selector, ext);
        }
        return d;
    }

    private void perform(long returnTo, int error) {
        // Stores to the task state segments may hit decoded code and breakpoints: that must not start the switch again
        // halfway.
        c.debug.requireAlone();
        long[] state = read();
        Layout from = Layout.of((c.tr.attributes() & 8) != 0);
        c.mmu.probeSystemStore(c.tr.base(), from.limit + 1);
        if (cause == Cause.CALL) {
            c.mmu.probeSystemStore(base, 2);
        }
        c.mmu.probeSystemStore(Descriptors.address(c, selector, 8), 8);
        save(from, returnTo);
        boolean wide = to.isWide();
        enter(state);
        try {
            loadSegments(state);
            if (error != GuestFault.NO_ERROR_CODE) {
                c.push(error, to.word);
            }
            if (wide && (c.mmu.loadSystem(base + Layout.TRAP, 2) & 1) != 0) {
                c.debug.trap(DebugUnit.DR6_BT);
            }
            if (!c.seg[Cpu.CS].covers(c.rip)) {
                throw c.gp(0);
            }
        } catch (GuestFault f) {
            later(f);
        }
    }

    /** The new task starts with an exception. */
    private void later(GuestFault f) {
        switch (f.kind()) {
            case EXCEPTION -> c.pending.fault(f.vector(), f.error(), f.address());
            case NON_CANONICAL, RESTART, EXIT, HOST_FAILED -> {
                // Tables that lie in a device: there is no way back to where the host's answer would be needed.
                c.host.clear();
                c.pending.fault(Vector.TS, selector & 0xfffc, 0);
            }
        }
        c.attention = true;
    }

    /** The new task's words, in the order of the segment behind its link and stacks: CR3, IP, flags, registers, selectors, LDT. */
    private long[] read() {
        long[] state = new long[18];
        state[0] = to.cr3 < 0 ? c.sys.cr3 : c.mmu.loadSystem(base + to.cr3, 4);
        state[1] = c.mmu.loadSystem(base + to.ip, to.word);
        state[2] = c.mmu.loadSystem(base + to.flags, to.word);
        for (int n = 0; n < 8; n++) {
            state[3 + n] = c.mmu.loadSystem(base + to.general + (long) n * to.word, to.word);
        }
        for (int n = 0; n < to.segmentCount; n++) {
            state[11 + n] = c.mmu.loadSystem(base + to.segments + (long) n * to.word, 2);
        }
        state[17] = c.mmu.loadSystem(base + to.ldt, 2);
        return state;
    }

    private void save(Layout from, long returnTo) {
        long flags = c.eflags();
        if (cause == Cause.RETURN) {
            flags &= ~(long) Eflags.NT;
        }
        if (cause != Cause.CALL) {
            long at = Descriptors.address(c, c.tr.selector(), 8);
            if (at != -1) {
                c.mmu.storeSystem(at + 5, 1, c.mmu.loadSystem(at + 5, 1) & ~BUSY);
            }
        }
        long old = c.tr.base();
        c.mmu.storeSystem(old + from.ip, from.word, returnTo);
        c.mmu.storeSystem(old + from.flags, from.word, flags);
        for (int n = 0; n < 8; n++) {
            c.mmu.storeSystem(old + from.general + (long) n * from.word, from.word, c.r[n]);
        }
        for (int n = 0; n < from.segmentCount; n++) {
            c.mmu.storeSystem(old + from.segments + (long) n * from.word, 2, c.seg[n].selector());
        }
        if (cause == Cause.CALL) {
            c.mmu.storeSystem(base, 2, c.tr.selector());
        }
        if (cause != Cause.RETURN) {
            c.mmu.storeSystem(Descriptors.address(c, selector, 8) + 5, 1, descriptor >>> 40 & 0xff | BUSY);
        }
    }

    /** From here on this is the new task. */
    private void enter(long[] state) {
        Descriptors.load(c.tr, selector, descriptor | DESCRIPTOR_BUSY);
        c.sys.cr0 |= SystemRegisters.CR0_TS;
        c.rip = state[1];
        boolean wide = to.isWide();
        long keep = wide ? 0 : c.eflags() & 0xffff_0000L;
        long flags = (state[2] | keep) & Eflags.ALL | Eflags.ONE;
        if (cause == Cause.CALL) {
            flags |= Eflags.NT;
        }
        c.debug.resume((flags & Eflags.RF) != 0);
        c.eflags(flags & ~(long) Eflags.RF);
        for (int n = 0; n < 8; n++) {
            c.r[n] = wide ? state[3 + n] : 0xffff_0000L | state[3 + n];
        }
        if (c.virtual8086()) {
            c.cpl = 3;
        } else {
            c.cpl = (int) state[11 + Cpu.CS] & 3;
        }
        for (int n : SELECTORS) {
            c.seg[n].loadNull((int) state[11 + n]);
            c.segmentChanged(n);
        }
        c.ldtr.load((int) state[17], 0, 0, Segment.UNUSABLE);
        c.modeChanged();
        c.pending.nmiBlocked &= cause != Cause.RETURN;
        // Breakpoints of the old task alone end with it.
        c.sys.dr[7] &= ~0x55L;
        c.debug.changed();
        c.attention = true;
        if (wide) {
            c.sys.taskRoot(state[0]);
        }
    }

    private void loadSegments(long[] state) {
        int ldt = (int) state[17];
        if (!Descriptors.isNull(ldt)) {
            long d = (ldt & 4) != 0 ? 0 : Descriptors.read(c, ldt, Vector.TS, 0);
            if (!Descriptors.isSystem(d) || Descriptors.type(d) != TYPE_LDT || !Descriptors.present(d)) {
                throw Descriptors.fault(c, Vector.TS, ldt, 0);
            }
            Descriptors.load(c.ldtr, ldt, d);
        }
        if (c.virtual8086()) {
            for (int n : SELECTORS) {
                Descriptors.loadVirtual(c, n, (int) state[11 + n]);
            }
            c.modeChanged();
            return;
        }
        int cs = (int) state[11 + Cpu.CS];
        // CS decides about the ring, in which the stack segment has to be.
        long code = code(cs);
        int ss = (int) state[11 + Cpu.SS];
        if (Descriptors.isNull(ss)) {
            throw Descriptors.fault(c, Vector.TS, ss, 0);
        }
        long stack = Descriptors.stack(c, ss, c.cpl, Vector.TS, 0);
        Descriptors.touch(c, ss, stack);
        Descriptors.load(c.seg[Cpu.SS], ss, stack | 1L << 40);
        for (int n : new int[] {Cpu.DS, Cpu.ES, Cpu.FS, Cpu.GS}) {
            loadData(n, (int) state[11 + n]);
        }
        Descriptors.touch(c, cs, code);
        Descriptors.load(c.seg[Cpu.CS], cs, code | 1L << 40);
        c.modeChanged();
    }

    private long code(int cs) {
        if (Descriptors.isNull(cs)) {
            throw Descriptors.fault(c, Vector.TS, cs, 0);
        }
        long code = Descriptors.read(c, cs, Vector.TS, 0);
        int dpl = Descriptors.dpl(code);
        if (!Descriptors.isCode(code) || (Descriptors.isConforming(code) ? dpl > c.cpl : dpl != c.cpl)) {
            throw Descriptors.fault(c, Vector.TS, cs, 0);
        }
        if (!Descriptors.present(code)) {
            throw Descriptors.fault(c, Vector.NP, cs, 0);
        }
        return code;
    }

    private void loadData(int number, int selector) {
        try {
            Descriptors.loadData(c, number, selector);
        } catch (GuestFault f) {
            // What a load refuses with #GP makes a task invalid.
            if (f.kind() == GuestFault.Kind.EXCEPTION && f.vector() == Vector.GP) {
                throw f.exception(Vector.TS, f.error());
            }
            throw f;
        }
    }
}
